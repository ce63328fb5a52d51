using System.Collections.Immutable;
using SplitInfer.Calibration;
using SplitInfer.Policies;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>
/// What the policies of a client choose among: variants of the model, where they are cut, and codecs. A codec that loses something is among them only
/// where a calibration says that results stay as good as asked for, or where the user named it. Immutable.
/// </summary>
internal sealed class ArmCatalog
{
    private readonly ImmutableArray<PlannedArmVariant> _variants;
    private readonly int _codecOfNamed;
    private readonly int _servers;
    private readonly int _remotesOfServer;
    private readonly ImmutableArray<Arm> _wholes;

    private ArmCatalog(ImmutableArray<PlannedArmVariant> variants, IReadOnlyList<ArmCandidate> candidates, string codecOfNamed, CodecRegistry codecs, int servers)
    {
        (_variants, _servers, _remotesOfServer) = (variants, Math.Max(servers, 1), candidates.Count);
        CodecNames = [.. candidates.Select(static candidate => candidate.Codec).Append(codecOfNamed).Distinct()];
        Codecs = [.. CodecNames.Select(name => codecs.TryGet(name, out var codec) ? codec : throw new ArgumentException(name, nameof(candidates)))];
        _codecOfNamed = CodecNames.IndexOf(codecOfNamed);
        // The main variant is the last one.
        var locals = Enumerable.Range(1, variants.Length).Select(place => place % variants.Length).SelectMany(place => LocalsOf(variants[place], place, codecOfNamed));
        Descriptions =
        [
            .. Enumerable.Range(0, _servers).SelectMany(server =>
                candidates.Select((candidate, place) => candidate.Describe((server * _remotesOfServer) + place, CodecNames.IndexOf(candidate.Codec), server))),
            .. locals.Select((candidate, place) => candidate.Describe((_servers * _remotesOfServer) + place, _codecOfNamed, Arm.OnDevice)),
        ];
        _wholes = [.. Enumerable.Range(0, variants.Length).Select(variant => Descriptions.Last(arm => arm.Arm is { IsOnDevice: true, Exit: 0 } && arm.Arm.Variant == variant).Arm)];
    }

    /// <summary>
    /// The arms, by server, variant and rising partition; every server has the same. Those on the device come last: for each variant those that may leave at an exit, and behind them the one
    /// that runs all of it; the very last one is that of the main variant.
    /// </summary>
    public ImmutableArray<ArmDescription> Descriptions { get; }

    /// <summary>The variants, the main one first.</summary>
    public ImmutableArray<PlannedArmVariant> Variants => _variants;

    /// <summary>Names of the codecs, by <see cref="Arm.Codec"/>.</summary>
    public ImmutableArray<string> CodecNames { get; }

    /// <summary>The codecs, by <see cref="Arm.Codec"/>.</summary>
    public ImmutableArray<ITensorCodec> Codecs { get; }

    /// <summary>The codec of partitions that are named: the one that the user named as well, or <c>Raw</c>.</summary>
    public ITensorCodec CodecOfNamed => Codecs[_codecOfNamed];

    /// <summary>The variants that have arms at the servers, rising.</summary>
    public ImmutableArray<int> RemoteVariants => [.. Descriptions.Where(static arm => !arm.Arm.IsOnDevice).Select(static arm => arm.Arm.Variant).Distinct().Order()];

    /// <summary>The partitions of the arms of a variant, rising.</summary>
    public ImmutableArray<Partition> PartitionsOf(int variant) =>
        [.. Descriptions.Where(arm => arm.Arm.Variant == variant).Select(arm => arm.Arm.Cut).Distinct().Order().Select(cut => _variants[variant].Plan.Partitions[cut])];

    /// <summary>Why a partition of the main variant cannot be named; null where it can.</summary>
    public string? WhyNot(int partition)
    {
        var plan = _variants[0].Plan;
        if (partition < 0 || partition >= plan.Partitions.Length)
            return $"There is no partition {partition}. The model has 0 (everything on the server) to {plan.AllOnDevice.Index} (everything on the device).";
        return plan.Partitions[partition].InadmissibleReason is { } refusal
            ? $"Partition {partition} cannot be taken: {refusal}. The arms are {string.Join(", ", plan.Arms.Select(static a => a.Index))}."
            : null;
    }

    /// <summary>The arm that takes a partition of the main variant which is named. It need not be one that policies know: its place is then behind theirs, so that no policy learns from it.</summary>
    /// <param name="partition">A partition of the plan.</param>
    /// <param name="server">The server that runs its tail.</param>
    public Arm Named(int partition, int server = 0) => partition == _variants[0].Plan.AllOnDevice.Index
        ? OnDevice
        : new(Descriptions.Length + partition, Variant: 0, partition, _codecOfNamed, Exit: 0, server);

    /// <summary>The arm that takes a partition which is named, where the partition can be taken.</summary>
    /// <param name="partition">What is named.</param>
    /// <param name="server">The server that runs its tail.</param>
    /// <exception cref="InvalidPartitionException">There is none, or it is not admissible.</exception>
    public Arm RequireNamed(int partition, int server = 0) => WhyNot(partition) is { } reason ? throw new InvalidPartitionException(reason) : Named(partition, server);

    /// <summary>The arm that always takes one partition, where that can be taken: the same, and the exit on the partition answers where it is sure.</summary>
    /// <param name="partition">What is fixed.</param>
    /// <exception cref="InvalidPartitionException">There is none, or it is not admissible.</exception>
    public Arm RequireFixed(int partition) => WhyNot(partition) is { } reason ? throw new InvalidPartitionException(reason) : Fixed(partition, server: 0);

    /// <summary>Whether a policy may decide for an arm: it was given the arm, or the arm is one of those that <see cref="Named"/> makes, or with an exit <see cref="RequireFixed"/>.</summary>
    public bool Contains(in Arm arm)
    {
        if ((uint)arm.Index < (uint)Descriptions.Length) return Descriptions[arm.Index].Arm == arm;
        return (uint)arm.Cut < (uint)_variants[0].Plan.Partitions.Length && (uint)arm.Server < (uint)_servers && (Named(arm.Cut, arm.Server) == arm || Fixed(arm.Cut, arm.Server) == arm);
    }

    /// <summary>The arm that does on another server what an arm does on its own.</summary>
    /// <param name="arm">An arm with a server, of a policy or named.</param>
    /// <param name="server">The other one.</param>
    public Arm On(Arm arm, int server) => arm.Index < Descriptions.Length
        ? Descriptions[arm.Index + ((server - arm.Server) * _remotesOfServer)].Arm
        : arm with { Server = server };

    /// <summary>The arm that runs everything of the main variant on the device.</summary>
    public Arm OnDevice => Descriptions[^1].Arm;

    /// <summary>The arm that runs everything of a variant on the device.</summary>
    public Arm OnDeviceOf(int variant) => _wholes[variant];

    /// <summary>The arm of a variant on the device that leaves at its first exit where that is sure; null where it has none.</summary>
    public Arm? FirstExitOf(int variant)
    {
        for (var place = _servers * _remotesOfServer; place < Descriptions.Length; place++)
            if (Descriptions[place].Arm is { Exit: > 0 } arm && arm.Variant == variant) return arm;
        return null;
    }

    /// <summary>Whether a variant has exits.</summary>
    public bool HasExits => _variants.Any(static variant => !variant.Exits.IsEmpty);

    /// <summary>How the exit of an arm answers; null where the arm has none.</summary>
    public ArmExit? ExitOf(in Arm arm) => arm.Exit > 0 && _variants[arm.Variant].Exits is var exits && arm.Exit <= exits.Length ? exits[arm.Exit - 1] : null;

    /// <summary>Expected accuracy of an arm, 0 to 1.</summary>
    public double AccuracyOf(in Arm arm) => arm.Index < Descriptions.Length ? Descriptions[arm.Index].Accuracy : _variants[arm.Variant].Accuracy * (ExitOf(arm)?.Quality ?? 1);

    /// <summary>The partition of an arm.</summary>
    /// <exception cref="ArgumentException">There is none: the policy made the arm up.</exception>
    public Partition PartitionOf(in Arm arm) => (uint)arm.Variant < (uint)_variants.Length && _variants[arm.Variant].Plan is var plan && (uint)arm.Cut < (uint)plan.Partitions.Length
        ? plan.Partitions[arm.Cut]
        : throw new ArgumentException($"There is no partition {arm.Cut} of variant {arm.Variant}. A policy takes the arms that it is given.", nameof(arm));

    /// <summary>The codec of an arm.</summary>
    /// <exception cref="ArgumentException">There is none: the policy made the arm up.</exception>
    public ITensorCodec CodecOf(in Arm arm) => (uint)arm.Codec < (uint)Codecs.Length
        ? Codecs[arm.Codec]
        : throw new ArgumentException($"There is no codec {arm.Codec}. A policy takes the arms that it is given.", nameof(arm));

    /// <summary>Puts the arms of one model together.</summary>
    /// <inheritdoc cref="Create(ImmutableArray{PlannedArmVariant}, CodecChoice, CodecRegistry, int)"/>
    public static ArmCatalog Create(PartitionPlan plan, CodecChoice choice, CodecRegistry codecs, int servers) => Create([new(plan)], choice, codecs, servers);

    /// <summary>Puts the arms together.</summary>
    /// <param name="variants">The variants of the model, the main one first; one where there is no family.</param>
    /// <param name="choice">Which codecs may be used.</param>
    /// <param name="codecs">What the client knows.</param>
    /// <param name="servers">The number of servers.</param>
    /// <exception cref="ArgumentException">There is no codec of a name that the choice gives.</exception>
    /// <exception cref="InvalidCalibrationException">The calibration cannot be used.</exception>
    public static ArmCatalog Create(ImmutableArray<PlannedArmVariant> variants, CodecChoice choice, CodecRegistry codecs, int servers)
    {
        if (choice.Codec is { } name)
        {
            if (!codecs.TryGet(name, out _)) throw new ArgumentException($"There is no codec '{name}'. The codecs are: {string.Join(", ", codecs.Names)}.", nameof(choice));
            ArmCandidate[] remote = [.. Candidates(variants, variant => variant.Plan.Partitions.Where(cut => IsOffered(variant, cut)).Select(cut => new ArmCandidate(cut, name, cut.BoundaryBytes * 8.0, 0, 0)))];
            return new(variants, variants.Length == 1 && variants[0].Exits.IsEmpty ? remote : ArmCandidate.Prune(remote, [.. variants]), name, codecs, servers);
        }

        foreach (var allowed in choice.Allowed ?? new HashSet<string>())
            if (!codecs.TryGet(allowed, out _)) throw new ArgumentException($"There is no codec '{allowed}' to allow. The codecs are: {string.Join(", ", codecs.Names)}.", nameof(choice));

        var calibrations = CalibrationFiles.Load(choice.Calibration, [.. variants.Select(static variant => variant.Plan)]);
        ArmCandidate[] all = [.. Candidates(variants, variant => variant.Plan.Partitions.Where(static p => p.IsAdmissible && !p.Boundary.IsEmpty).SelectMany(CodecCosts(calibrations.GetValueOrDefault(variant.Plan), variant, choice, codecs)))];
        ArmCandidate[] candidates = [.. all.Where(IsAllowed)];
        if (all.Length > 0 && candidates.Length == 0)
            throw new ArgumentException($"None of the allowed codecs ({string.Join(", ", choice.Allowed!)}) can be chosen: a policy takes those that lose nothing and, with a calibration, those that lose little enough. Allow one of {string.Join(", ", all.Select(static c => c.Codec).Distinct())}, or give a calibration.", nameof(choice));
        return new(variants, ArmCandidate.Prune(candidates, [.. variants]), RawCodec.CodecName, codecs, servers);

        bool IsAllowed(ArmCandidate candidate) => choice.Allowed?.Contains(candidate.Codec) is not false;
    }

    private static IEnumerable<ArmCandidate> LocalsOf(PlannedArmVariant variant, int place, string codec)
    {
        var whole = ArmCandidate.OnDevice(variant, place, codec);
        return variant.Exits.Select(exit => (whole with { Partition = variant.Partitions[exit.Partition] }).With(exit)).Append(whole);
    }

    private Arm Fixed(int partition, int server) => Named(partition, server) is var named && _variants[0].ExitOn(partition) is { } exit ? named with { Exit = exit.Setting } : named;

    // What a codec loses counts only with a family, which says what its variants lose; elsewhere the calibration has the last word. What an exit loses always counts.
    private static IEnumerable<ArmCandidate> Candidates(ImmutableArray<PlannedArmVariant> variants, Func<PlannedArmVariant, IEnumerable<ArmCandidate>> ofVariant) => variants.SelectMany((variant, place) =>
        ofVariant(variant).Select(candidate => candidate with { Variant = place, Accuracy = variant.IsOfFamily ? variant.Accuracy * candidate.Accuracy : 1 })
            .SelectMany(candidate => variant.ExitOn(candidate.Partition.Index) is { } exit ? [candidate, candidate.With(exit)] : (ArmCandidate[])[candidate]));

    // All sizes are assumed to shrink alike, so a cut that crosses no fewer bytes than an earlier one cannot win, unless an exit stands on it.
    private static bool IsOffered(PlannedArmVariant variant, Partition cut) => cut != variant.Plan.AllOnDevice && (cut.IsArm || (cut.IsAdmissible && variant.ExitOn(cut.Index) is not null));

    private static Func<Partition, IEnumerable<ArmCandidate>> CodecCosts(ModelCalibration? calibration, PlannedArmVariant variant, CodecChoice choice, CodecRegistry codecs)
    {
        if (calibration is null) return AssumedOf;
        var calibrated = new CalibratedCodecCosts(calibration, codecs, choice.MinAgreement);
        return partition => calibrated.Of(partition) is var known && known.Any() ? known : AssumedOf(partition);

        IEnumerable<ArmCandidate> AssumedOf(Partition partition) => IsOffered(variant, partition) ? AssumedCodecCosts.Of(partition, codecs) : [];
    }
}

/// <summary>Which codecs may carry boundaries.</summary>
/// <param name="Codec">Name of the one that carries every boundary; null where a policy chooses.</param>
/// <param name="Allowed">Names of those that a policy may choose among; null for all.</param>
/// <param name="Calibration">Path of a calibration, or with a family also of a folder of them; null where there is none, so that only lossless codecs are used.</param>
/// <param name="MinAgreement">The part of the results that must stay the same, 0 to 1.</param>
internal sealed record CodecChoice(string? Codec, IReadOnlySet<string>? Allowed, string? Calibration, double MinAgreement);
