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

    // W(3·4^k), by which a Laplace distribution of mean magnitude 1 is best clipped for k bits; a one-sided one has a bit more, for
    // it needs no sign.
    private static readonly double[] BestClip =
    [
        0, 0, 2.8306829893702337, 3.8972294649451027, 5.028640136236213, 6.204766334013321, 7.4131262138435705, 8.645619984034424,
        9.896759770017528, 11.162685017743998,
    ];

    /// <summary>Whether the numbers that it deals with are finite.</summary>
    public bool IsUsable => Scale is >= MinScale and <= MaxScale;

    /// <summary>The quantiser for numbers that are finite and not all zero: their range, clipped where rounding less coarsely outweighs what clipping loses.</summary>
    public static Quantizer Fit(in Statistics statistics, int bits)
    {
        var levels = (1 << bits) - 1;
        var mean = statistics.SumOfMagnitudes / statistics.NonZero;
        var isOneSided = statistics.Min == 0 || statistics.Max == 0;
        var clip = mean * BestClip[isOneSided ? bits + 1 : bits];
        var low = Math.Min(-(double)statistics.Min, clip);
        var range = low + Math.Min(statistics.Max, clip);
        return new((float)(range / levels), (int)Math.Round(low * levels / range), levels);
    }

    /// <summary>The quantiser that channels share which are scaled to it, each by itself.</summary>
    /// <param name="coarsest">The largest scale among them.</param>
    /// <param name="all">Statistics of all of them.</param>
    /// <param name="bits">Bits of a symbol.</param>
    public static Quantizer ForChannels(float coarsest, in Statistics all, int bits)
    {
        var levels = (1 << bits) - 1;
        return new(coarsest, all.Min == 0 ? 0 : all.Max == 0 ? levels : (levels + 1) / 2, levels);
    }

    /// <summary>The scale that a channel needs under the zero point of <see cref="ForChannels"/>.</summary>
    public static float ScaleFor(in Statistics channel, in Statistics all, int bits)
    {
        if (channel.NonZero == 0) return 0;
        if (all.Min == 0 || all.Max == 0) return Fit(channel, bits).Scale;
        var reach = Math.Max(-channel.Min, channel.Max);
        return Fit(channel with { Min = -reach, Max = reach }, bits).Scale;
    }
}
