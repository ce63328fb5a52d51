namespace SplitInfer.Imaging.Codecs;

/// <summary>The element that a mapping makes of each byte in each channel, and the way back.</summary>
internal sealed class ValueTable
{
    /// <summary>How many bytes there are.</summary>
    public const int Levels = 256;

    // Numbers that are half way beyond black or white still round to them; a little more is for the rounding of the mapping.
    private const double Beyond = 0.5 + 1e-3;

    private readonly float[] _values = new float[3 * Levels];
    private readonly double[] _slopes = new double[3], _offsets = new double[3];

    /// <summary>Computes the table, as <see cref="PixelMapping"/> says.</summary>
    public ValueTable(PixelMapping mapping)
    {
        var (means, deviations) = (mapping.Mean, mapping.StandardDeviation);
        foreach (var (channel, mean, deviation) in (ReadOnlySpan<(int, float, float)>)[(0, means.First, deviations.First), (1, means.Second, deviations.Second), (2, means.Third, deviations.Third)])
        {
            for (var level = 0; level < Levels; level++) _values[(channel * Levels) + level] = ((level * mapping.Scale) - mean) / deviation;
            (_slopes[channel], _offsets[channel]) = ((double)deviation / mapping.Scale, (double)mean / mapping.Scale);
        }
    }

    /// <summary>The elements of a channel, by byte.</summary>
    public ReadOnlySpan<float> Of(int channel) => _values.AsSpan(channel * Levels, Levels);

    /// <summary>The byte that is nearest to an element; −1 for a NaN and for what is beyond black or white.</summary>
    public int Nearest(int channel, float value)
    {
        var level = (value * _slopes[channel]) + _offsets[channel];
        return level is >= -Beyond and <= Levels - 1 + Beyond ? (int)Math.Clamp(level + 0.5, 0, Levels - 1) : -1;
    }
}
