using SplitInfer.Policies.Sharing;

namespace SplitInfer.Fleet.Priors;

/// <summary>Adds up what policies share of what they have learned (<see cref="KindPrior"/>), one device a share. Thread-safe.</summary>
public sealed class KindPriorAdder : IKindPriorAdder
{
    /// <inheritdoc/>
    public byte[] Add(ReadOnlySpan<byte> sum, ReadOnlySpan<byte> share)
    {
        var added = KindPrior.FromShare(share);
        return (sum.IsEmpty ? added : KindPrior.FromBytes(sum).Plus(added)).ToBytes();
    }
}
