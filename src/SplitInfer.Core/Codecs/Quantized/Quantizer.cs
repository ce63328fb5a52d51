namespace SplitInfer.Codecs.Quantized;

/// <summary>
/// An affine quantiser: a number x is symbol round(x / scale) + zero point, kept within 0 … levels, so that zero is exactly kept. What
/// lies within the range is off by half the scale at most.
/// </summary>
/// <param name="Scale">Distance of neighbouring symbols; above 0.</param>
/// <param name="ZeroPoint">The symbol of zero.</param>
/// <param name="Levels">The highest symbol: 2^bits − 1.</param>
internal readonly record struct Quantizer(float Scale, int ZeroPoint, int Levels)
{
    /// <summary>Below and above these, a scale's reciprocal or a symbol's number might not be finite.</summary>
    public const float MinScale = 1e-30f, MaxScale = 1e30f;

    /// <summary>Whether the numbers that it deals with are finite.</summary>
    public bool IsUsable => Scale is >= MinScale and <= MaxScale;

    /// <summary>The quantiser for numbers that are finite and not all zero.</summary>
    /// <param name="statistics">Of the numbers.</param>
    /// <param name="clip">The largest magnitude to keep, see <see cref="Clipping"/>.</param>
    /// <param name="bits">Bits of a symbol.</param>
    public static Quantizer Fit(in Statistics statistics, double clip, int bits)
    {
        var levels = (1 << bits) - 1;
        var low = Math.Min(-(double)statistics.Min, clip);
        var range = low + Math.Min(statistics.Max, clip);
        return new((float)(range / levels), (int)Math.Round(low * levels / range), levels);
    }
}
