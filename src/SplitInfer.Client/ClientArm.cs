using SplitInfer.Client.Arms;
using SplitInfer.Partitioning;

namespace SplitInfer.Client;

/// <summary>One of what the policy of a client chooses among for each server: where to cut, and which codec carries what crosses.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Codec">Name of the codec. The last arm, which runs everything on the device, sends nothing and has one all the same.</param>
/// <param name="PayloadBits">Bits that are expected to cross, for the sizes that the plan was made with.</param>
public sealed record ClientArm(Partition Partition, string Codec, double PayloadBits)
{
    /// <summary>The arms of a client with such options and without exits, by rising partition; the last one runs everything on the device.</summary>
    /// <param name="plan">The plan of the model.</param>
    /// <param name="options">The options; read are those that say which codecs may be used, among them the calibration.</param>
    /// <exception cref="ArgumentException">The options name a codec that there is not.</exception>
    /// <exception cref="Calibration.InvalidCalibrationException">The calibration cannot be used.</exception>
    public static IReadOnlyList<ClientArm> List(PartitionPlan plan, SplitInferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        var arms = ArmCatalog.Create(plan, new(options.Codec, options.AllowedCodecs, options.Calibration, options.MinAgreement), options.KnownCodecs, servers: 1);
        return [.. arms.Descriptions.Select(arm => new ClientArm(plan.Partitions[arm.Arm.Cut], arms.CodecNames[arm.Arm.Codec], arm.PayloadBits))];
    }
}
