using Microsoft.Extensions.Time.Testing;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Emulation;

namespace SplitInfer.Cli.Tests.Benchmarks;

/// <summary>What anybody could have had by a deadline, and the faults that are played.</summary>
public class AnytimeOracleTests
{
    // The whole model takes 200 ms on the device; exits are reached after 10 and 60 ms; a server takes 20 ms of head, 12,500 bytes and 5 ms.
    private static readonly AnytimeProfile Profile = new(0.2, [0.01, 0.06], [new(3, 0.02, 12_500, 0.005)]);

    private static readonly LinkConditions Good = new(10, Ms(20));

    [Theory]
    [InlineData(200, 0, false, 0)]
    [InlineData(55, 0, true, 0)]
    [InlineData(53, 0, true, 1)]
    [InlineData(100, 70, true, 2)]
    [InlineData(100, 60, true, 0)]
    [InlineData(100, 0, false, 2)]
    [InlineData(59, 0, false, 1)]
    [InlineData(9, 0, false, AnytimeProfile.NoAnswer)]
    public void The_best_answer_is_the_models_where_device_or_server_have_it_in_time_else_that_of_the_deepest_exit(double deadline, double dark, bool isOpen, int answer) =>
        Assert.Equal(answer, Profile.BestAnswer(Ms(deadline), isOpen ? [Good] : [], Ms(dark)));

    [Fact]
    public void The_best_link_of_a_request_counts() => Assert.Equal(0, Profile.BestAnswer(Ms(100), [new(0.01, Ms(40)), Good], TimeSpan.Zero));

    [Fact]
    public void Conditions_are_those_that_held_during_a_request_and_how_long_none_did()
    {
        var time = new FakeTimeProvider();
        var conditions = new AnytimeConditions(time);
        conditions.Become(Good, isDark: false);
        time.Advance(Ms(100));
        var began = time.GetTimestamp();
        Assert.Equal((1, Ms(0)), During(began, 50));
        time.Advance(Ms(10));
        conditions.Become(Good, isDark: true);
        Assert.Equal((1, Ms(40)), During(began, 50));
        time.Advance(Ms(20));
        conditions.Become(new(1, Ms(1)), isDark: false);
        Assert.Equal((2, Ms(20)), During(began, 50));
        Assert.Equal((1, Ms(15)), During(began, 25));
        Assert.Equal((1, Ms(0)), During(time.GetTimestamp(), 50));

        (int Links, TimeSpan Dark) During(long from, double ms) => conditions.During(from, Ms(ms)) is var (links, dark) ? (links.Count, dark) : default;
    }

    [Fact]
    public void The_same_seed_gives_the_same_requests_in_which_everything_happens()
    {
        var slots = AnytimeSlot.Draw(200, samples: 7, stretch: 10, seed: 3);
        Assert.Equal(slots, AnytimeSlot.Draw(200, samples: 7, stretch: 10, seed: 3));
        Assert.NotEqual(slots, AnytimeSlot.Draw(200, samples: 7, stretch: 10, seed: 4));
        Assert.Equal(Enum.GetValues<AnytimeFault>(), slots.Select(static slot => slot.Fault).Distinct().Order());
        Assert.All(slots, static slot => Assert.True(slot is { Sample: >= 0 and < 7, At: >= 0 and < 1 } && (!slot.Cuts || slot.Fault == AnytimeFault.Cut)));
        Assert.Contains(slots, static slot => slot.Cuts);
    }

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
