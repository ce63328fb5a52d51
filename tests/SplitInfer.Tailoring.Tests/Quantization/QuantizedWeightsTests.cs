using SplitInfer.Tailoring.Quantization;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class QuantizedWeightsTests
{
    [Fact]
    public void No_weight_is_off_by_more_than_its_clipping_and_half_a_step() => Sampled.Check(seed: 4, 300, random =>
    {
        var (outer, channels, inner, bits) = (random.Next(1, 4), random.Next(1, 5), random.Next(1, 6), 7 + random.Next(2));
        var weights = new float[outer * channels * inner];
        for (var i = 0; i < weights.Length; i++) weights[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 3)));
        var quantized = QuantizedWeights.Of(weights, channels, inner, bits, []);
        var limit = (1 << (bits - 1)) - 1;
        double error = 0, plain = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            var channel = i / inner % channels;
            Assert.InRange(quantized.Integers[i], -limit, limit);
            var scale = quantized.Scales[channel];
            var off = Math.Abs(weights[i] - (scale * quantized.Integers[i]));
            Assert.True(off <= (scale / 2 * 1.0001) + Math.Max(0, Math.Abs(weights[i]) - (scale * limit)), $"{off} at {i}");
            error += off * off;
            var largest = Enumerable.Range(0, weights.Length).Where(j => j / inner % channels == channel).Max(j => Math.Abs(weights[j])) / limit;
            var rounded = largest > 0 ? weights[i] - (largest * MathF.Round(weights[i] / largest)) : 0;
            plain += rounded * rounded;
        }

        // Never worse than the scale that holds the largest weight.
        Assert.True(error <= (plain * 1.0001) + 1e-12, $"{error} against {plain}");
    });

    [Fact]
    public void A_channel_without_weights_stays_one()
    {
        var quantized = QuantizedWeights.Of([0, 0, 1, -1], channels: 2, inner: 2, bits: 8, []);
        Assert.Equal([0, 0, 127, -127], quantized.Integers);
        Assert.Equal(1, quantized.Scales[0]);
    }
}
