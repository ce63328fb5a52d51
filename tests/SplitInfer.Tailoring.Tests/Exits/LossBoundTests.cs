using SplitInfer.Tailoring.Exits;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class LossBoundTests
{
    [Theory]
    [InlineData(100, 0.05, 0.95)]
    [InlineData(200, 0.05, 0.9)]
    [InlineData(60, 0.049, 0.95)]
    [InlineData(3000, 0.001, 0.95)]
    [InlineData(20, 0.01, 0.95)]
    public void The_most_errors_are_those_that_a_sum_of_probabilities_allows(int samples, double maxLoss, double confidence)
    {
        // Of so few errors or fewer the chance is too small, were the true loss larger than what is allowed.
        var (errors, sum, term) = (-1, 0.0, Math.Pow(1 - maxLoss, samples));
        for (var k = 0; ; k++)
        {
            sum += term;
            if (sum > 1 - confidence) break;
            errors = k;
            term *= (samples - k) / (double)(k + 1) * maxLoss / (1 - maxLoss);
        }

        Assert.Equal(errors, LossBound.MostErrors(samples, maxLoss, confidence));
    }

    [Theory]
    [InlineData(0.001, 0.95, 2995)]
    [InlineData(0.01, 0.95, 299)]
    [InlineData(0.05, 0.9, 45)]
    public void The_fewest_samples_just_suffice(double maxLoss, double confidence, int samples)
    {
        Assert.Equal(samples, LossBound.FewestSamples(maxLoss, confidence));
        Assert.Equal(0, LossBound.MostErrors(samples, maxLoss, confidence));
        Assert.Equal(-1, LossBound.MostErrors(samples - 1, maxLoss, confidence));
        Assert.InRange(LossBound.LeastLoss(samples, confidence), 0, maxLoss);
    }

    [Theory]
    [InlineData(new double[] { -1, -1, -1, -1 }, 0)]
    [InlineData(new[] { 0.5, 0.7, -1, 0.9 }, 0.9)]
    [InlineData(new[] { 0.9, 0.9, 0.9, -1 }, 0.9)]
    public void The_threshold_is_just_above_the_first_error_too_many(double[] wrong, double firstTooMany)
    {
        // No error is allowed.
        var threshold = LossBound.Threshold(wrong, 0.6, 0.95);
        Assert.Equal(firstTooMany == 0 ? 0 : Math.BitIncrement(firstTooMany), threshold);
    }

    [Fact]
    public void Where_nothing_can_be_shown_nothing_answers() => Assert.True(LossBound.Threshold([-1, -1], 0.01, 0.95) > 1);

    // The true loss at a threshold is known: a sample is wrong with one probability, and then as sure as an even draw, or a draw from few values, so that ties abound.
    [Theory]
    [InlineData(200, 0.05, 0.9, 0.3, 0)]
    [InlineData(400, 0.02, 0.95, 0.1, 0)]
    [InlineData(150, 0.05, 0.9, 0.15, 8)]
    [InlineData(100, 0.03, 0.95, 0.04, 3)]
    public void The_true_loss_exceeds_the_one_allowed_no_more_often_than_was_said(int samples, double maxLoss, double confidence, double wrongShare, int levels)
    {
        const int Draws = 1000;
        var (random, broken) = (new Random(7), 0);
        for (var draw = 0; draw < Draws; draw++)
        {
            double[] wrong = [.. Enumerable.Range(0, samples).Select(_ => random.NextDouble() >= wrongShare ? -1 : levels == 0 ? random.NextDouble() : (1 + random.Next(levels)) / (double)levels)];
            var threshold = LossBound.Threshold(wrong, maxLoss, confidence);
            // The share of wrong answers that are at least so sure.
            var surer = levels == 0 ? 1 - Math.Clamp(threshold, 0, 1) : Enumerable.Range(1, levels).Count(level => level / (double)levels >= threshold) / (double)levels;
            if (wrongShare * surer > maxLoss) broken++;
        }

        var allowed = (1 - confidence) * Draws;
        Assert.InRange(broken, 0, allowed + (3 * Math.Sqrt(allowed)));
        // It is no bound that never errs by letting nothing leave.
        if (levels == 0) Assert.InRange(broken, allowed / 4, double.PositiveInfinity);
    }
}
