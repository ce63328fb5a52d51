using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Tests.Statistics;

public sealed class ValueStatisticsTests
{
    [Fact]
    public void Parts_add_up_to_the_whole_in_any_order() => Sampled.Check(seed: 1, 200, random =>
    {
        var (parts, isReversed) = (random.Next(6), random.Next(2) == 0);
        var tensors = Enumerable.Range(0, 1 + parts).Select(_ => Draw(random)).ToArray();
        var (whole, sum) = (new ValueStatistics(), new ValueStatistics());
        foreach (var tensor in tensors) whole.Add(tensor);
        foreach (var tensor in isReversed ? tensors.Reverse() : tensors)
        {
            var part = new ValueStatistics();
            part.Add(tensor);
            sum.Add(part);
        }

        Assert.Equal((whole.Count, whole.Zeros, whole.Minimum, whole.Maximum, whole.Exponent, whole.ChannelElements), (sum.Count, sum.Zeros, sum.Minimum, sum.Maximum, sum.Exponent, sum.ChannelElements));
        Assert.Equal(whole.Counts.ToArray(), sum.Counts.ToArray());
        Assert.Equal(whole.Count, whole.Counts.ToArray().Sum());
        foreach (var (expected, actual) in whole.ChannelSums.ToArray().Zip(sum.ChannelSums.ToArray())) Assert.Equal(expected, actual, Math.Abs(expected) * 1e-9 + 1e-9);
    });

    [Fact]
    public void Every_element_is_in_the_bin_that_its_value_says() => Sampled.Check(seed: 2, 200, random =>
    {
        var statistics = new ValueStatistics();
        var tensor = Draw(random);
        statistics.Add(tensor);
        var expected = new long[2 * ValueStatistics.BinsPerSign];
        foreach (var element in tensor.Span<float>())
        {
            var bin = Enumerable.Range(0, expected.Length).First(bin => element < ((bin + 1 - ValueStatistics.BinsPerSign) * statistics.BinWidth) || bin == expected.Length - 1);
            expected[bin]++;
        }

        Assert.Equal(expected, statistics.Counts.ToArray());
    });

    [Fact]
    public void Means_by_channel_are_those_of_the_second_dimension()
    {
        var statistics = new ValueStatistics();
        statistics.Add(TensorValue.From<float>([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], 2, 3, 2));
        Assert.Equal([3 + 30, 7 + 70, 11 + 110], statistics.ChannelSums.ToArray());
        Assert.Equal(4, statistics.ChannelElements);
        statistics.Add(TensorValue.From<float>([1, 2], 1, 2));
        Assert.Equal(0, statistics.ChannelSums.Length);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_no_number_has_no_range(float element)
    {
        var statistics = new ValueStatistics();
        Assert.Throws<NotFiniteNumberException>(() => statistics.Add(TensorValue.From<float>([1, element], 2)));
        Assert.Equal(0, statistics.Count);
    }

    private static TensorValue Draw(Random random)
    {
        var scale = Math.Pow(10, random.Next(-6, 7));
        var elements = new float[random.Next(1, 5) * 6];
        for (var i = 0; i < elements.Length; i++) elements[i] = random.Next(4) == 0 ? 0 : (float)((random.NextDouble() - 0.5) * scale);
        return TensorValue.From<float>(elements, elements.Length / 6, 3, 2);
    }
}
