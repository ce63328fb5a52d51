namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Weights as signed integers, each channel with a scale of its own: w ≈ s_c·q, |q| ≤ 2^(bits−1) − 1, and s_c such that the sum of the squared
/// errors of the channel is least.
/// </summary>
/// <param name="Integers">The integers, laid out like the weights.</param>
/// <param name="Scales">The scale of each channel.</param>
internal sealed record QuantizedWeights(sbyte[] Integers, float[] Scales)
{
    private const int Steps = 24;
    private const double NarrowestShare = 0.6;

    /// <summary>Quantises weights of dimensions [outer, channels, inner].</summary>
    /// <param name="weights">The weights, row by row.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="inner">Number of elements behind one index of the channel.</param>
    /// <param name="bits">Bits of an integer.</param>
    /// <param name="leastScale">By channel: the least scale that it may have.</param>
    public static QuantizedWeights Of(ReadOnlySpan<float> weights, int channels, int inner, int bits, ReadOnlySpan<float> leastScale)
    {
        var limit = (1 << (bits - 1)) - 1;
        var (integers, scales) = (new sbyte[weights.Length], new float[channels]);
        for (var channel = 0; channel < channels; channel++)
        {
            scales[channel] = Math.Max(ScaleOf(weights, channel, channels, inner, limit), leastScale.IsEmpty ? 0 : leastScale[channel]);
            for (var start = channel * inner; start < weights.Length; start += channels * inner)
                for (var i = start; i < start + inner; i++) integers[i] = (sbyte)Math.Clamp(MathF.Round(weights[i] / scales[channel]), -limit, limit);
        }

        return new(integers, scales);
    }

    private static float ScaleOf(ReadOnlySpan<float> weights, int channel, int channels, int inner, int limit)
    {
        var largest = 0f;
        for (var start = channel * inner; start < weights.Length; start += channels * inner)
            largest = Math.Max(largest, System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(weights.Slice(start, inner)) is var value ? Math.Abs(value) : 0);
        // Any scale serves a channel without weights; one that is not normal would not survive a division.
        if (!(largest > limit * 1e-30f)) return 1;
        var (best, least) = (largest / limit, double.PositiveInfinity);
        for (var step = Steps; step >= 0; step--)
        {
            var scale = (float)(largest * (NarrowestShare + ((1 - NarrowestShare) * step / Steps)) / limit);
            double error = 0;
            for (var start = channel * inner; start < weights.Length; start += channels * inner)
            {
                for (var i = start; i < start + inner; i++)
                {
                    var difference = weights[i] - (scale * Math.Clamp(MathF.Round(weights[i] / scale), -limit, limit));
                    error += difference * difference;
                }
            }

            if (error < least) (best, least) = (scale, error);
        }

        return best;
    }
}
