using SplitInfer.Tailoring.Evaluation;

namespace SplitInfer.Tailoring.Tests.Evaluation;

public sealed class BinomialBoundTests
{
    [Fact]
    public void At_the_bound_so_many_successes_are_as_unlikely_as_was_asked() => Sampled.Check(seed: 3, 300, random =>
    {
        var samples = 1 + random.Next(400);
        var successes = 1 + random.Next(samples);
        var confidence = 0.5 + (random.Next(50) / 100.0);
        var bound = BinomialBound.Lower(successes, samples, confidence);
        Assert.InRange(bound, 0, (double)successes / samples);
        Assert.Equal(1 - confidence, ProbabilityOfAtLeast(successes, samples, bound), 1e-9);
        Assert.Equal(1 - confidence, ProbabilityOfAtLeast(successes, samples, 1 - BinomialBound.Upper(samples - successes, samples, confidence)), 1e-9);
    });

    [Theory]
    [InlineData(195, 200, 0.948)]
    [InlineData(299, 299, 0.990)]
    [InlineData(0, 10, 0)]
    [InlineData(1_000_000, 1_000_000, 0.999997)]
    public void Known_bounds(long successes, long samples, double expected) => Assert.Equal(expected, BinomialBound.Lower(successes, samples), 5e-4);

    [Fact]
    public void Shares_that_cannot_be_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => BinomialBound.Lower(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(static () => BinomialBound.Lower(3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(static () => BinomialBound.Lower(-1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(static () => BinomialBound.Lower(1, 2, 1));
    }

    // By the sum of the terms, each from the one before.
    private static double ProbabilityOfAtLeast(int successes, int samples, double share)
    {
        if (share <= 0) return successes == 0 ? 1 : 0;
        double log = 0, sum = 0;
        for (var k = 0; k <= samples; k++)
        {
            if (k > 0) log += Math.Log((samples - k + 1.0) / k);
            if (k >= successes) sum += Math.Exp(log + (k * Math.Log(share)) + ((samples - k) * Math.Log(1 - share)));
        }

        return sum;
    }
}
