using System.Collections.Frozen;
using System.Collections.Immutable;
using SplitInfer.Partitioning;

namespace SplitInfer.Calibration;

/// <summary>What codecs do to one model, partition by partition. Immutable, and safe for concurrent use.</summary>
public sealed class ModelCalibration
{
    private readonly FrozenDictionary<(int Partition, string Codec), CalibrationEntry> _byArm;

    /// <summary>Holds <paramref name="entries"/>, one for each pair of partition and codec.</summary>
    /// <param name="model">The model that was calibrated.</param>
    /// <param name="plan">The plan to which the numbers of the partitions belong.</param>
    /// <param name="samples">Number of samples.</param>
    /// <param name="entries">The results.</param>
    public ModelCalibration(Fingerprint model, Fingerprint plan, int samples, IEnumerable<CalibrationEntry> entries)
    {
        (Model, Plan, Samples, Entries) = (model, plan, samples, [.. entries]);
        _byArm = Entries.ToFrozenDictionary(static entry => (entry.Partition, entry.Codec));
    }

    /// <summary>SHA-256 of the model.</summary>
    public Fingerprint Model { get; }

    /// <summary>SHA-256 of the plan.</summary>
    public Fingerprint Plan { get; }

    /// <summary>Number of samples.</summary>
    public int Samples { get; }

    /// <summary>All entries.</summary>
    public ImmutableArray<CalibrationEntry> Entries { get; }

    /// <summary>The entry of a partition and a codec; null if they were not calibrated.</summary>
    /// <param name="partition">Index of the partition.</param>
    /// <param name="codec">Name of the codec.</param>
    public CalibrationEntry? Find(int partition, string codec) => _byArm.GetValueOrDefault((partition, codec));

    /// <summary>Refuses a calibration of another model, or one whose partitions are numbered otherwise.</summary>
    /// <param name="plan">The plan to use it with.</param>
    /// <exception cref="InvalidCalibrationException">It is not of this plan.</exception>
    public void RequireFor(PartitionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (Model != plan.Model)
            throw new InvalidCalibrationException($"The calibration is of the model {Model}, not of {plan.Model}. Calibrate this model with 'splitinfer calibrate', or name its own file.");
        if (Plan != plan.Fingerprint)
            throw new InvalidCalibrationException("The calibration was made with another plan of the same model, by another release of SplitInfer or of ONNX Runtime. Calibrate again with 'splitinfer calibrate'.");
        if (Entries.FirstOrDefault(entry => entry.Partition >= plan.Partitions.Length) is { } beyond)
            throw new InvalidCalibrationException($"The calibration has an entry for partition {beyond.Partition}, and the plan ends at {plan.AllOnDevice.Index}. Calibrate again with 'splitinfer calibrate'.");
    }
}
