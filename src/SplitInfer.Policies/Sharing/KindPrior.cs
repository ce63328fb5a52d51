using System.Collections.Immutable;

namespace SplitInfer.Policies.Sharing;

/// <summary>
/// What devices of one kind have learned of their heads, of links and servers, and of how often exits answer, as counts that add up over devices in any order. A new device starts from it
/// (<see cref="PolicySetup.Prior"/>). It holds no input and nothing that tells one device from another; servers are in it by a hash of their names. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// What a kind is, is for the application to say: devices that run the same model at about the same speed, over links of the same sort. For each quantity a share counts one device in one
/// bin of a histogram, and what is used is the median. A share that lies therefore moves nothing beyond what honest devices have found as long as these are more; but it may name quantities that
/// no device has, and of all only <see cref="MaxQuantities"/> are kept, so that new devices then start from less.
/// </remarks>
public sealed class KindPrior
{
    /// <summary>Quantities that are kept; of more, those that come first in the order of their names, whoever added them.</summary>
    public const int MaxQuantities = 512;

    /// <summary>What a single device may have found that is unusual for its kind, of which more devices say less.</summary>
    private const double DeviationOfOne = 0.3;

    /// <summary>Quartiles of a normal distribution lie this many standard deviations apart.</summary>
    private const double Quartiles = 1.349;

    private readonly ImmutableSortedDictionary<KindQuantity, LogHistogram> _found;

    internal KindPrior(ImmutableSortedDictionary<KindQuantity, LogHistogram> found) => _found = found;

    /// <summary>What no device has learned.</summary>
    public static KindPrior Empty { get; } = new(ImmutableSortedDictionary<KindQuantity, LogHistogram>.Empty);

    /// <summary>How many quantities are in it.</summary>
    public int Quantities => _found.Count;

    /// <summary>Devices by quantity.</summary>
    internal ImmutableSortedDictionary<KindQuantity, LogHistogram> Found => _found;

    /// <summary>What the devices of both have learned. Commutative and associative.</summary>
    /// <param name="other">That of other devices.</param>
    public KindPrior Plus(KindPrior other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var sum = _found.ToBuilder();
        foreach (var (quantity, histogram) in other._found) sum[quantity] = sum.TryGetValue(quantity, out var own) ? own.Plus(histogram) : histogram;

        // One that is among the first of all is among the first of any part, so that it does not matter when the others are left out.
        return new(sum.Count <= MaxQuantities ? sum.ToImmutable() : sum.Take(MaxQuantities).ToImmutableSortedDictionary());
    }

    /// <summary>A compact form, little-endian, with a version; of one device's share 21 bytes a quantity, of a sum 665 kB at the very most.</summary>
    public byte[] ToBytes() => KindPriorFormat.Write(this);

    /// <summary>Reads what <see cref="ToBytes"/> wrote, from anyone: a sum of any number of shares.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="KindPriorException">The bytes are of another version, or nothing that is ever written.</exception>
    public static KindPrior FromBytes(ReadOnlySpan<byte> bytes) => KindPriorFormat.Read(bytes);

    /// <summary>Reads the share of one device, before it is added to those of others: one that counts for more than one device is refused.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote of <see cref="IPartitionPolicy.Share"/>.</param>
    /// <exception cref="KindPriorException">The bytes are no share of one device.</exception>
    public static KindPrior FromShare(ReadOnlySpan<byte> bytes)
    {
        var share = FromBytes(bytes);
        return share._found.Values.All(static histogram => histogram.Bins is [{ Count: 1 }])
            ? share
            : throw new KindPriorException("The share counts for more than one device. Send what the policy of one device gives.");
    }

    /// <summary>What is usual for a quantity; null where no device has found it.</summary>
    internal KindBelief? Find(KindQuantity quantity)
    {
        if (!_found.TryGetValue(quantity, out var histogram)) return null;
        var spread = (histogram.Quantile(0.75) - histogram.Quantile(0.25)) / Quartiles;
        return new(quantity.Least + histogram.Quantile(0.5), (spread * spread) + (DeviationOfOne * DeviationOfOne / histogram.Total));
    }
}

/// <summary>What is usual for a kind.</summary>
/// <param name="Log">The median of the logarithm.</param>
/// <param name="Variance">Variance of the logarithm from device to device.</param>
internal readonly record struct KindBelief(double Log, double Variance)
{
    /// <summary>The quantity itself.</summary>
    public double Value => Math.Exp(Log);
}

/// <summary>Bytes are no <see cref="KindPrior"/>, or not the share of one device.</summary>
/// <param name="message">What is wrong, and what to do next.</param>
public sealed class KindPriorException(string message) : FormatException(message);
