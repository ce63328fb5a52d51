using SplitInfer.Policies.Learning;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Deadlines;

public class ResidualWindowTests
{
    [Fact]
    public void The_probability_is_the_share_of_what_was_seen()
    {
        var window = Of(Measured(3), Measured(1), Measured(2), Measured(2));
        Assert.Equal([0, 0.25, 0.75, 1, 1], ((double[])[0.9, 1, 2, 3, 9]).Select(window.Below));
        Assert.Equal(0, new ResidualWindow().Below(5));
    }

    [Fact]
    public void What_never_came_counts_as_more_than_its_wait()
    {
        // After 1, two of three are left, one of which is known to be above 2: of those left at 3, all end there.
        var window = Of(Measured(1), Bound(2), Measured(3));
        Assert.Equal(1 / 3.0, window.Below(1), 12);
        Assert.Equal(1 / 3.0, window.Below(2.9), 12);
        Assert.Equal(1, window.Below(3), 12);

        // The longest may never end.
        window = Of(Measured(1), Bound(4));
        Assert.Equal(0.5, window.Below(1e9), 12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    public void A_late_reply_takes_the_place_of_the_bound_that_stood_for_it_however_many_came_in_between(int between)
    {
        var window = new ResidualWindow();
        window.Add(Bound(1, sequence: 7));
        for (var i = 1; i <= between; i++) window.Add(i % 8 == 0 ? Bound(0.5, sequence: 7 + i) : Measured(0.1 * (i % 7), sequence: 7 + i));
        var before = window.Below(1);
        Assert.True(window.Settle(Measured(2, sequence: 7)));
        Assert.False(window.Settle(Measured(2, sequence: 7)));
        Assert.False(window.Settle(Measured(2, sequence: 8)));
        Assert.Equal(1 + between, window.Count);
        Assert.Equal(1, window.Below(2), 9);
        Assert.InRange(window.Below(1), 0, before);
    }

    [Fact]
    public void No_answer_counts_whenever_it_was_given_up_and_is_no_change_while_it_is_the_exception()
    {
        var (random, window) = (new ScenarioRandom(13), new ResidualWindow());
        for (var i = 0; i < 4000; i++) window.Add(random.Flag(0.04) ? Residual.Never(i) : Measured(random.Factor(0.3), sequence: i));
        Assert.InRange(window.Changes, 0, 1);
        Assert.InRange(window.Below(1000), 0.9, 0.99);
        for (var i = 0; i < 4; i++) window.Add(Residual.Never(i));
        Assert.InRange(window.Below(1000), 0, 0.2);
    }

    [Fact]
    public void The_oldest_go_first()
    {
        var window = new ResidualWindow();
        for (var i = 0; i < 3 * ResidualWindow.Capacity; i++) window.Add(Measured(i % 2));
        for (var i = 0; i < ResidualWindow.Capacity; i++) window.Add(Measured((i % 4) / 2.0));
        Assert.Equal(ResidualWindow.Capacity, window.Count);
        Assert.Equal([0.25, 0.5, 0.75, 1], ((double[])[0, 0.5, 1, 1.5]).Select(window.Below));
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(1)]
    public void A_step_is_noticed_within_ten_and_what_was_before_is_forgotten(double deviation)
    {
        var (random, window) = (new ScenarioRandom(5), new ResidualWindow());
        for (var i = 0; i < 200; i++) window.Add(Measured(random.Factor(deviation)));
        Assert.Equal(0, window.Changes);
        for (var i = 0; i < 12; i++) window.Add(Measured(20 * random.Factor(deviation)));
        Assert.InRange(window.Changes, 1, 2);
        Assert.InRange(window.Count, 2, 24);
        Assert.InRange(window.Below(3), 0, 0.1);
    }

    [Fact]
    public void Chance_alone_is_hardly_ever_taken_for_a_change_however_wide_the_law_and_whatever_was_waited_for()
    {
        var (random, window) = (new ScenarioRandom(9), new ResidualWindow());
        for (var i = 0; i < 20_000; i++)
        {
            // Patience changes all the time, as it does where it depends on what a request has left.
            var (seconds, patience) = (random.Factor(1.2), random.Uniform(0.2, (i / 100) % 2 == 0 ? 1 : 6));
            window.Add(seconds < patience ? Measured(seconds) : Bound(patience));
        }

        Assert.InRange(window.Changes, 0, 4);
    }

    [Fact]
    public void What_is_too_little_to_matter_is_no_change()
    {
        // A tail estimate that settles: each residual is a little less than the one before.
        var window = new ResidualWindow();
        for (var i = 0; i < 400; i++) window.Add(Measured(10 + (0.01 / (1 + i))), negligible: 0.1);
        Assert.Equal(0, window.Changes);
        for (var i = 0; i < 400; i++) window.Add(Measured(10 + (1.0 / (1 + i))), negligible: 1e-6);
        Assert.True(window.Changes > 0);
    }

    [Fact]
    public void It_grows_with_the_bound_and_stays_between_0_and_1()
    {
        var (random, window) = (new ScenarioRandom(11), new ResidualWindow());
        for (var i = 0; i < 1000; i++)
        {
            window.Add(new(random.Uniform(-1, 1), random.Uniform(0, 1e6), random.Flag(0.3), i));
            if (i % 10 == 0) window.Rebase(random.Uniform(-1e-8, 1e-8));
            var before = 0.0;
            for (var x = -1.2; x <= 1.2; x += 0.1)
            {
                var now = window.Below(x);
                Assert.InRange(now, before, 1);
                before = now;
            }
        }
    }

    private static ResidualWindow Of(params ReadOnlySpan<Residual> residuals)
    {
        var window = new ResidualWindow();
        foreach (var residual in residuals) window.Add(residual);
        return window;
    }

    private static Residual Measured(double seconds, long sequence = 0) => new(seconds, 0, IsBound: false, sequence);

    private static Residual Bound(double seconds, long sequence = -2) => new(seconds, 0, IsBound: true, sequence);
}
