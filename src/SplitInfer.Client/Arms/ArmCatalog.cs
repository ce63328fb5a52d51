using System.Collections.Immutable;
using SplitInfer.Calibration;
using SplitInfer.Client.Policies;
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
    private readonly string _codecOfNamed;

    private ArmCatalog(PartitionPlan plan, IEnumerable<Candidate> remote, string codecOfNamed, CodecRegistry codecs)
    {
        _codecOfNamed = codecOfNamed;
        Profiles = [.. remote.Select(static candidate => candidate.Profile), ArmProfile.Of(plan.AllOnDevice, codecOfNamed, payloadBits: 0)];
        Codecs = [.. Profiles.Select(static profile => profile.Arm.Codec).Distinct().Select(name => codecs.TryGet(name, out var codec) ? codec : throw new ArgumentException(name, nameof(remote)))];
        Partitions = [.. Profiles.Select(static profile => profile.Arm.Partition).Distinct()];
    }

    /// <summary>The arms, by rising partition; the last one runs everything on the device.</summary>
    public ImmutableArray<ArmProfile> Profiles { get; }

    /// <summary>Their partitions, rising.</summary>
    public ImmutableArray<Partition> Partitions { get; }

    /// <summary>Their codecs.</summary>
    public ImmutableArray<ITensorCodec> Codecs { get; }

    /// <summary>The arm that takes a partition which the user named, and the codec that the user named with it; <c>Raw</c> where none was.</summary>
    public Arm Named(Partition partition) => new(partition, _codecOfNamed);

    /// <summary>Puts the arms together.</summary>
    /// <param name="plan">All partitions.</param>
    /// <param name="options">Names a codec, or a calibration and how good results must stay.</param>
    /// <param name="codecs">What the client knows.</param>
    /// <exception cref="ArgumentException">There is no codec of a name that the options give.</exception>
    /// <exception cref="InvalidCalibrationException">The calibration cannot be used.</exception>
    public static ArmCatalog Create(PartitionPlan plan, SplitInferenceOptions options, CodecRegistry codecs)
    {
        var remote = plan.Arms.Where(arm => arm != plan.AllOnDevice);
        if (options.Codec is { } name)
        {
            if (!codecs.TryGet(name, out _)) throw new ArgumentException($"There is no codec '{name}'. The codecs are: {string.Join(", ", codecs.Names)}.", nameof(options));
            return new(plan, remote.Select(arm => new Candidate(arm, name, arm.BoundaryBytes * 8.0, 0, 0)), name, codecs);
        }

        foreach (var allowed in options.AllowedCodecs ?? new HashSet<string>())
            if (!codecs.TryGet(allowed, out _)) throw new ArgumentException($"There is no codec '{allowed}' to allow. The codecs are: {string.Join(", ", codecs.Names)}.", nameof(options));

        if (options.Calibration is not { } path)
            return new(plan, Contest.Winners([.. remote.SelectMany(UncalibratedCodecs.Of).Where(IsAllowed)]), RawCodec.CodecName, codecs);

        var calibration = CalibrationFile.Load(path);
        calibration.RequireFor(plan);
        var calibrated = new CalibratedCodecs(calibration, codecs, options.MinAgreement);
        var candidates = plan.Partitions.Where(static p => p.IsAdmissible && !p.Boundary.IsEmpty).SelectMany(Of);
        return new(plan, Contest.Winners([.. candidates.Where(IsAllowed)]), RawCodec.CodecName, codecs);

        bool IsAllowed(Candidate candidate) => options.AllowedCodecs?.Contains(candidate.Codec) is not false;

        IEnumerable<Candidate> Of(Partition partition)
        {
            var known = calibrated.Of(partition).ToList();
            return known.Count == 0 && partition.IsArm ? UncalibratedCodecs.Of(partition) : known;
        }
    }
}
