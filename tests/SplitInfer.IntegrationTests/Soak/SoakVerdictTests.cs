using SplitInfer.Soak;
using SplitInfer.Soak.Processes;
using SplitInfer.Soak.Verdict;

namespace SplitInfer.IntegrationTests.Soak;

/// <summary>What the soak makes of samples. The soak itself runs in the continuous build, with and without leaks.</summary>
public class SoakVerdictTests
{
    private const long Megabyte = 1 << 20;

    [Fact]
    public void A_trend_is_not_that_of_single_samples()
    {
        var random = new Random(1);
        (double Seconds, double Value)[] rising = [.. Enumerable.Range(0, 60).Select(i => ((double)i, (0.5 * i) + random.NextDouble()))];
        Assert.InRange(Trend.Growth(rising), 28, 31);
        rising[59] = (59, 1000);
        rising[0] = (0, 500);
        Assert.InRange(Trend.Growth(rising), 28, 31);
        Assert.Equal(0, Trend.Growth([]));
        Assert.Equal(0, Trend.Growth([(1, 5), (1, 9)]));
    }

    [Theory]
    [InlineData(0, 0, 0, "")]
    [InlineData(0.1, 0, 0, "")]
    [InlineData(0.5, 0, 0, "resident memory, managed memory")]
    [InlineData(0, 0.2, 0, "threads")]
    [InlineData(0, 0, 0.5, "handles")]
    public void What_grows_too_far_is_named(double megabytesPerSecond, double threadsPerSecond, double handlesPerSecond, string grown)
    {
        var random = new Random(2);
        (double, ProcessUse)[] samples = [.. Enumerable.Range(0, 40).Select(i => ((double)i, new ProcessUse(
            (long)((150 + (megabytesPerSecond * i) + (3 * random.NextDouble())) * Megabyte), (long)((30 + (megabytesPerSecond * i) + (3 * random.NextDouble())) * Megabyte),
            20 + (int)(threadsPerSecond * i) + random.Next(3), 100 + (int)(handlesPerSecond * i) + random.Next(6), i, new Dictionary<string, long>())))];
        Assert.Equal(grown, string.Join(", ", SoakVerdict.Judge("server", samples).Where(static row => !row.IsWithin).Select(static row => row.Quantity)));
    }

    [Fact]
    public void Options_are_read_or_refused_in_words()
    {
        var options = SoakOptions.Parse(["--minutes", "30", "--seed", "7", "--leak", "handles", "--json"]);
        Assert.Equal((TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(10), 7, LeakKind.Handles, true), (options.Duration, options.WarmUp, options.Seed, options.Leak, options.IsJson));
        Assert.Equal(TimeSpan.FromSeconds(20), SoakOptions.Parse([]).WarmUp);
        foreach (var wrong in (string[][])[["--minutes"], ["--minutes", "0"], ["--minutes", "x"], ["--leak", "water"], ["--hours", "1"]])
            Assert.Contains("Give|needs|Options".Split('|'), word => Assert.Throws<FormatException>(() => SoakOptions.Parse(wrong)).Message.Contains(word, StringComparison.Ordinal));
    }
}
