using SplitInfer.Client.Policies;
using SplitInfer.Partitioning;

namespace SplitInfer.Client.Arms;

/// <summary>A partition with a codec that may carry its boundary, and what that is expected to take.</summary>
/// <param name="Partition">Where the model is cut.</param>
/// <param name="Codec">Name of the codec.</param>
/// <param name="PayloadBits">Bits of the payloads.</param>
/// <param name="EncodeSeconds">s on the device.</param>
/// <param name="DecodeSeconds">s on the server.</param>
internal sealed record Candidate(Partition Partition, string Codec, double PayloadBits, double EncodeSeconds, double DecodeSeconds)
{
    /// <summary>What a policy starts from.</summary>
    public ArmProfile Profile => ArmProfile.Of(Partition, Codec, PayloadBits) with { EncodeSeconds = EncodeSeconds };
}
