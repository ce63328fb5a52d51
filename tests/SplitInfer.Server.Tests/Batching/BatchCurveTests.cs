using SplitInfer.Server.Batching;

namespace SplitInfer.Server.Tests.Batching;

public sealed class BatchCurveTests
{
    [Fact]
    public void The_line_is_that_of_what_was_measured()
    {
        var curve = Of(alone: 1, alpha: 0.8, beta: 0.2);
        Assert.Equal((1, 1.2), (curve.Seconds(1), Math.Round(curve.Seconds(2), 6)));
        Assert.Equal(4, curve.Seconds(16), 6);
    }

    [Theory]
    [InlineData(0.9, 0.1, 16)]
    [InlineData(0.2, 0.8, 3)]
    [InlineData(0.02, 0.98, 1)]
    [InlineData(0, 1, 1)]
    public void A_batch_grows_while_each_more_saves_two_percent(double alpha, double beta, int most)
    {
        var curve = Of(1, alpha, beta);
        Assert.Equal(most, curve.Most(16));
        Assert.Equal(Math.Min(most, 2), curve.Most(2));
    }

    [Fact]
    public void Where_few_cost_more_than_alone_a_batch_begins_with_as_many_as_pay()
    {
        // A kernel for one row may be much faster than that for two.
        var curve = new BatchCurve(1, [(2, 2.4), (4, 2.8), (8, 3.6)]);
        Assert.Equal(3, curve.Least(16));
        Assert.Equal(0, curve.Least(2));
        Assert.Equal(1, curve.Most(2));
        Assert.True(curve.Most(16) > 8);
    }

    [Fact]
    public void What_batches_take_corrects_it()
    {
        var curve = Of(1, 0.8, 0.2);
        Observe(static count => 1.1 * count);
        Assert.Equal(1, curve.Most(16));
        Observe(static count => 0.9 + (0.05 * count));
        Assert.Equal(16, curve.Most(16));

        void Observe(Func<int, double> seconds)
        {
            for (var i = 0; i < 200; i++)
            {
                curve.Observe(4, seconds(4));
                curve.Observe(12, seconds(12));
                curve.Observe(1, 1);
            }
        }
    }

    [Fact]
    public void A_machine_that_has_more_to_do_changes_nothing_but_the_scale()
    {
        var curve = Of(1, 0.8, 0.2);
        var most = curve.Most(64);
        for (var i = 0; i < 200; i++) curve.Observe(8, 3 * (0.8 + (0.2 * 8)));
        Assert.Equal(3, curve.Seconds(1), 2);
        Assert.Equal(3 * (0.8 + (0.2 * 3)), curve.Seconds(3), 1);
        Assert.InRange(curve.Most(64), most - 1, most + 1);
    }

    [Fact]
    public void Nothing_that_is_observed_makes_a_time_negative()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var curve = new BatchCurve(random.NextDouble() + 1e-6, [(2, random.NextDouble() + 1e-6), (4, random.NextDouble() + 1e-6)]);
            for (var i = 0; i < 50; i++) curve.Observe(random.Next(1, 17), random.NextDouble() * random.Next(2));
            for (var count = 1; count <= 16; count++) Assert.True(double.IsFinite(curve.Seconds(count)) && curve.Seconds(count) > 0);
            Assert.InRange(curve.Most(16), 1, 16);
            Assert.True(curve.Most(16) >= curve.Least(16) && (curve.Most(16) == 1) == (curve.Least(16) == 0));
        }
    }

    private static BatchCurve Of(double alone, double alpha, double beta) => new(alone, [.. new[] { 2, 4, 8, 16 }.Select(size => (size, alpha + (beta * size)))]);
}
