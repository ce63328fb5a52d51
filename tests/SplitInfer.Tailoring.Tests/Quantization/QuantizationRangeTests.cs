using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class QuantizationRangeTests
{
    [Fact]
    public void A_range_holds_0_exactly_and_stays_within_the_extremes() => Sampled.Check(seed: 5, 200, random =>
    {
        var (statistics, elements) = Draw(random);
        var range = QuantizationRange.Of(statistics, (RangeMethod)random.Next(3), percentile: 99.9);
        Assert.InRange(range.Low, Math.Min(0, elements.Min()), 0);
        Assert.InRange(range.High, 0, Math.Max(0, elements.Max()));
        // z is whole, and 0 is s·(z − z).
        Assert.InRange(range.ZeroPoint, 0, 255);
        Assert.True(range.Scale > 0 && float.IsNormal(range.Scale));
    });

    [Fact]
    public void Least_squares_are_not_more_than_those_of_the_extremes() => Sampled.Check(seed: 6, 200, random =>
    {
        var (statistics, elements) = Draw(random);
        var (least, extremes) = (Error(elements, QuantizationRange.Of(statistics, RangeMethod.LeastSquares, 0)), Error(elements, QuantizationRange.Of(statistics, RangeMethod.Extremes, 0)));
        // What is expected of a bin is not what its elements give.
        Assert.True(least <= (extremes * 1.5) + 1e-9, $"{least} against {extremes}");
    });

    private static double Error(float[] elements, QuantizationRange range) => elements.Sum(element =>
    {
        var q = Math.Clamp(Math.Round(element / range.Scale) + range.ZeroPoint, 0, 255);
        var difference = element - (range.Scale * (q - range.ZeroPoint));
        return difference * difference;
    });

    private static (ValueStatistics Statistics, float[] Elements) Draw(Random random)
    {
        var elements = new float[2000];
        var (scale, isOneSided) = (Math.Pow(10, random.Next(-3, 4)), random.Next(2) == 0);
        for (var i = 0; i < elements.Length; i++)
        {
            var value = (float)(-Math.Log(1 - random.NextDouble()) * scale);
            elements[i] = isOneSided ? random.Next(3) == 0 ? 0 : value : random.Next(2) == 0 ? value : -value;
        }

        var statistics = new ValueStatistics();
        statistics.Add(TensorValue.From<float>(elements, elements.Length));
        return (statistics, elements);
    }
}
