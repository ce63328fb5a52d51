namespace SplitInfer.Imaging;

/// <summary>Which pixels of a picture, along one axis, each new pixel is made of, and with which weights: a triangle as wide as two new pixels, or two old ones where those are larger.</summary>
internal sealed class ResampleAxis
{
    private readonly int[] _starts;
    private readonly float[][] _weights;

    /// <summary>Weights for a part of a resized axis.</summary>
    /// <param name="source">Pixels before resizing.</param>
    /// <param name="resized">Pixels after it.</param>
    /// <param name="first">The first one wanted of those.</param>
    /// <param name="count">How many are wanted.</param>
    public ResampleAxis(int source, long resized, long first, int count)
    {
        (_starts, _weights) = (new int[count], new float[count][]);
        var scale = (double)source / resized;
        var reach = Math.Max(scale, 1);
        for (var place = 0; place < count; place++)
        {
            var center = (first + place + 0.5) * scale;
            var start = Math.Max(0, (int)(center - reach + 0.5));
            var end = Math.Min(source, (int)(center + reach + 0.5));
            double[] heights = [.. Enumerable.Range(start, end - start).Select(pixel => Math.Max(0, 1 - (Math.Abs(pixel + 0.5 - center) / reach)))];
            var sum = heights.Sum();
            (_starts[place], _weights[place]) = (start, [.. heights.Select(height => (float)(height / sum))]);
        }
    }

    /// <summary>The first pixel that any new one is made of.</summary>
    public int First => _starts[0];

    /// <summary>How many pixels there are from that to the last one that is needed; a crop needs few of a long picture.</summary>
    public int Length => _starts[^1] + _weights[^1].Length - _starts[0];

    /// <summary>The first pixel that a new one is made of.</summary>
    public int Start(int place) => _starts[place];

    /// <summary>The weights of that pixel and those after it, which add up to 1.</summary>
    public ReadOnlySpan<float> Weights(int place) => _weights[place];
}
