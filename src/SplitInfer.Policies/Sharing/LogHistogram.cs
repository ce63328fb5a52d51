using System.Collections.Immutable;

namespace SplitInfer.Policies.Sharing;

/// <summary>
/// How many devices found a quantity within each tenth of a logarithm. Immutable. The median says what is usual: as long as most devices tell the truth, it lies among their
/// numbers, whatever the others claim, which no mean does.
/// </summary>
/// <param name="Bins">The bins that hold any, rising, with how many.</param>
internal readonly record struct LogHistogram(ImmutableArray<(byte Bin, uint Count)> Bins)
{
    /// <summary>Bins there can be.</summary>
    public const int MaxBins = 256;

    /// <summary>Width of a bin, and of all together.</summary>
    public const double Width = 0.1, Range = MaxBins * Width;

    /// <summary>How many devices in all.</summary>
    public double Total => Bins.Sum(static bin => (double)bin.Count);

    /// <summary>The histogram of one number, counted from the least; what is beyond the ends counts as an end.</summary>
    public static LogHistogram Of(double aboveLeast) => new([((byte)Math.Clamp(aboveLeast / Width, 0, MaxBins - 1), 1u)]);

    /// <summary>The devices of both. Counts stop at their largest value, so that the order of adding does not matter even then.</summary>
    public LogHistogram Plus(LogHistogram other)
    {
        var sum = ImmutableArray.CreateBuilder<(byte, uint)>(Bins.Length + other.Bins.Length);
        for (var (i, j) = (0, 0); i < Bins.Length || j < other.Bins.Length;)
        {
            if (j == other.Bins.Length || (i < Bins.Length && Bins[i].Bin < other.Bins[j].Bin)) sum.Add(Bins[i++]);
            else if (i == Bins.Length || other.Bins[j].Bin < Bins[i].Bin) sum.Add(other.Bins[j++]);
            else sum.Add((Bins[i].Bin, (uint)Math.Min((ulong)Bins[i++].Count + other.Bins[j++].Count, uint.MaxValue)));
        }

        return new(sum.ToImmutable());
    }

    /// <summary>The number, above the least, that a part of the devices, 0 to 1, are below.</summary>
    public double Quantile(double part)
    {
        var left = part * Total;
        foreach (var (bin, count) in Bins)
        {
            if (left <= count) return Width * (bin + (left / count));
            left -= count;
        }

        return Width * (Bins[^1].Bin + 1);
    }
}
