using System.Collections.Immutable;
using SplitInfer.Calibration;
using SplitInfer.Policies;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>
/// What the policies of a client choose among: pairs of a partition and a codec. A codec that loses something is among them only
/// where a calibration says that results stay as good as asked for, or where the user named it. Immutable.
/// </summary>
internal sealed class ArmCatalog
{
    private readonly PartitionPlan _plan;
    private readonly int _codecOfNamed;
    private readonly int _servers;

    private ArmCatalog(PartitionPlan plan, IReadOnlyList<ArmCandidate> candidates, string codecOfNamed, CodecRegistry codecs, int servers)
    {
        (_plan, _servers) = (plan, Math.Max(servers, 1));
        CodecNames = [.. candidates.Select(static candidate => candidate.Codec).Append(codecOfNamed).Distinct()];
        Codecs = [.. CodecNames.Select(name => codecs.TryGet(name, out var codec) ? codec : throw new ArgumentException(name, nameof(candidates)))];
        _codecOfNamed = CodecNames.IndexOf(codecOfNamed);
        var onDevice = new ArmCandidate(plan.AllOnDevice, codecOfNamed, PayloadBits: 0, EncodeSeconds: 0, DecodeSeconds: 0);
        var remote = candidates.Count;
        Descriptions =
        [
            .. Enumerable.Range(0, _servers).SelectMany(server =>
                candidates.Select((candidate, place) => candidate.Describe((server * remote) + place, CodecNames.IndexOf(candidate.Codec), server))),
            onDevice.Describe(_servers * remote, _codecOfNamed, Arm.OnDevice),
        ];
        Partitions = [.. Descriptions.Select(description => plan.Partitions[description.Arm.Cut]).Distinct()];
    }

    /// <summary>The arms, by server and rising partition; the last one runs everything on the device. Every server has the same.</summary>
    public ImmutableArray<ArmDescription> Descriptions { get; }

    /// <summary>Their partitions, rising.</summary>
    public ImmutableArray<Partition> Partitions { get; }

    /// <summary>Names of the codecs, by <see cref="Arm.Codec"/>.</summary>
    public ImmutableArray<string> CodecNames { get; }

    /// <summary>The codecs, by <see cref="Arm.Codec"/>.</summary>
    public ImmutableArray<ITensorCodec> Codecs { get; }

    /// <summary>The codec of partitions that are named: the one that the user named as well, or <c>Raw</c>.</summary>
    public ITensorCodec CodecOfNamed => Codecs[_codecOfNamed];

    /// <summary>Why a partition cannot be named; null where it can.</summary>
    public string? WhyNot(int partition)
    {
        if (partition < 0 || partition >= _plan.Partitions.Length)
            return $"There is no partition {partition}. The model has 0 (everything on the server) to {_plan.AllOnDevice.Index} (everything on the device).";
        return _plan.Partitions[partition].InadmissibleReason is { } refusal
            ? $"Partition {partition} cannot be taken: {refusal}. The arms are {string.Join(", ", _plan.Arms.Select(static a => a.Index))}."
            : null;
    }

    /// <summary>The arm that takes a partition which is named. It need not be one that policies know: its place is then behind theirs, so that no policy learns from it.</summary>
    /// <param name="partition">A partition of the plan.</param>
    /// <param name="server">The server that runs its tail.</param>
    public Arm Named(int partition, int server = 0) => partition == _plan.AllOnDevice.Index
        ? OnDevice
        : new(Descriptions.Length + partition, Variant: 0, partition, _codecOfNamed, Exit: 0, server);

    /// <summary>The arm that takes a partition which is named, where the partition can be taken.</summary>
    /// <param name="partition">What is named.</param>
    /// <param name="server">The server that runs its tail.</param>
    /// <exception cref="InvalidPartitionException">There is none, or it is not admissible.</exception>
    public Arm RequireNamed(int partition, int server = 0) => WhyNot(partition) is { } reason ? throw new InvalidPartitionException(reason) : Named(partition, server);

    /// <summary>Whether a policy may decide for an arm: it was given the arm, or the arm is one of those that <see cref="Named"/> makes.</summary>
    public bool Contains(in Arm arm)
    {
        if ((uint)arm.Index < (uint)Descriptions.Length) return Descriptions[arm.Index].Arm == arm;
        return (uint)arm.Cut < (uint)_plan.Partitions.Length && (uint)arm.Server < (uint)_servers && Named(arm.Cut, arm.Server) == arm;
    }

    /// <summary>The arm that does on another server what an arm does on its own.</summary>
    /// <param name="arm">An arm with a server, of a policy or named.</param>
    /// <param name="server">The other one.</param>
    public Arm On(Arm arm, int server) => arm.Index < Descriptions.Length
        ? Descriptions[arm.Index + ((server - arm.Server) * ((Descriptions.Length - 1) / _servers))].Arm
        : arm with { Server = server };

    /// <summary>The arm that runs everything on the device.</summary>
    public Arm OnDevice => Descriptions[^1].Arm;

    /// <summary>The partition of an arm.</summary>
    /// <exception cref="ArgumentException">There is none: the policy made the arm up.</exception>
    public Partition PartitionOf(in Arm arm) => (uint)arm.Cut < (uint)_plan.Partitions.Length
        ? _plan.Partitions[arm.Cut]
        : throw new ArgumentException($"There is no partition {arm.Cut}. A policy takes the arms that it is given.", nameof(arm));

    /// <summary>The codec of an arm.</summary>
    /// <exception cref="ArgumentException">There is none: the policy made the arm up.</exception>
    public ITensorCodec CodecOf(in Arm arm) => (uint)arm.Codec < (uint)Codecs.Length
        ? Codecs[arm.Codec]
        : throw new ArgumentException($"There is no codec {arm.Codec}. A policy takes the arms that it is given.", nameof(arm));

    /// <summary>Puts the arms together.</summary>
    /// <param name="plan">All partitions.</param>
    /// <param name="choice">Which codecs may be used.</param>
    /// <param name="codecs">What the client knows.</param>
    /// <param name="servers">The number of servers.</param>
    /// <exception cref="ArgumentException">There is no codec of a name that the choice gives.</exception>
    /// <exception cref="InvalidCalibrationException">The calibration cannot be used.</exception>
    public static ArmCatalog Create(PartitionPlan plan, CodecChoice choice, CodecRegistry codecs, int servers)
    {
        if (choice.Codec is { } name)
        {
            if (!codecs.TryGet(name, out _)) throw new ArgumentException($"There is no codec '{name}'. The codecs are: {string.Join(", ", codecs.Names)}.", nameof(choice));
            var remote = plan.Arms.Where(arm => arm != plan.AllOnDevice);
            return new(plan, [.. remote.Select(arm => new ArmCandidate(arm, name, arm.BoundaryBytes * 8.0, 0, 0))], name, codecs, servers);
        }

        foreach (var allowed in choice.Allowed ?? new HashSet<string>())
            if (!codecs.TryGet(allowed, out _)) throw new ArgumentException($"There is no codec '{allowed}' to allow. The codecs are: {string.Join(", ", codecs.Names)}.", nameof(choice));

        var costs = CodecCosts(plan, choice, codecs);
        ArmCandidate[] all = [.. plan.Partitions.Where(static p => p.IsAdmissible && !p.Boundary.IsEmpty).SelectMany(costs)];
        ArmCandidate[] candidates = [.. all.Where(IsAllowed)];
        if (all.Length > 0 && candidates.Length == 0)
            throw new ArgumentException($"None of the allowed codecs ({string.Join(", ", choice.Allowed!)}) can be chosen: a policy takes those that lose nothing and, with a calibration, those that lose little enough. Allow one of {string.Join(", ", all.Select(static c => c.Codec).Distinct())}, or give a calibration.", nameof(choice));
        return new(plan, ArmCandidate.Prune(candidates, plan.Partitions), RawCodec.CodecName, codecs, servers);

        bool IsAllowed(ArmCandidate candidate) => choice.Allowed?.Contains(candidate.Codec) is not false;
    }

    private static Func<Partition, IEnumerable<ArmCandidate>> CodecCosts(PartitionPlan plan, CodecChoice choice, CodecRegistry codecs)
    {
        if (choice.Calibration is not { } path) return AssumedOf;
        var calibration = CalibrationFile.Load(path);
        calibration.RequireFor(plan);
        var calibrated = new CalibratedCodecCosts(calibration, codecs, choice.MinAgreement);
        return partition => calibrated.Of(partition) is var known && known.Any() ? known : AssumedOf(partition);

        // All sizes are assumed to shrink alike, so a cut that crosses no fewer bytes than an earlier one cannot win.
        IEnumerable<ArmCandidate> AssumedOf(Partition partition) => partition.IsArm ? AssumedCodecCosts.Of(partition, codecs) : [];
    }
}

/// <summary>Which codecs may carry boundaries.</summary>
/// <param name="Codec">Name of the one that carries every boundary; null where a policy chooses.</param>
/// <param name="Allowed">Names of those that a policy may choose among; null for all.</param>
/// <param name="Calibration">Path of a calibration; null where there is none, so that only lossless codecs are used.</param>
/// <param name="MinAgreement">The part of the results that must stay the same, 0 to 1.</param>
internal sealed record CodecChoice(string? Codec, IReadOnlySet<string>? Allowed, string? Calibration, double MinAgreement);
