
namespace SplitInfer.Policies.Tests.Simulation;

/// <summary>What policies cost over the oracle, mean of 8 seeds on a virtual clock.</summary>
public class ExcessTests
{
    [Theory]
    [MemberData(nameof(Scenarios.Steady), MemberType = typeof(Scenarios))]
    public void When_nothing_changes_the_default_ends_within_one_per_cent_of_the_oracle(string scenario) =>
        Assert.InRange(Scenarios.ExcessRatio(scenario, PolicyNames.MuLinUcb, static frames => frames.TakeLast(50)), 0, 0.01);

    [Theory]
    [InlineData("vgg16/minute-trace")]
    [InlineData("tiny-yolov2/minute-trace")]
    public void Over_the_minute_trace_the_default_costs_at_most_three_per_cent(string scenario) =>
        Assert.InRange(Scenarios.ExcessRatio(scenario, PolicyNames.MuLinUcb, static frames => frames), 0, 0.03);

    [Theory]
    [MemberData(nameof(Scenarios.All), MemberType = typeof(Scenarios))]
    public void No_baseline_is_better_by_more_than_a_fifth_of_a_point(string scenario)
    {
        var excess = Scenarios.ExcessRatio(scenario, PolicyNames.MuLinUcb, static frames => frames);

        // MDInference's rule has the device run beside every request, whatever that takes, so that nothing ever costs it more than two per cent.
        foreach (var baseline in PolicyNames.All.Where(static name => name is not (PolicyNames.MuLinUcb or PolicyNames.MdInferencePaper)))
            Assert.True(excess <= Scenarios.ExcessRatio(scenario, baseline, static frames => frames) + 0.002, $"{baseline} is better than {excess:P2}");
    }

    [Theory]
    [MemberData(nameof(Scenarios.Changing), MemberType = typeof(Scenarios))]
    public void When_something_changes_the_published_policy_costs_at_least_five_times_as_much(string scenario)
    {
        var excess = Scenarios.ExcessRatio(scenario, PolicyNames.MuLinUcb, static frames => frames);
        Assert.True(Scenarios.ExcessRatio(scenario, PolicyNames.MuLinUcbPaper, static frames => frames) >= 5 * excess);
    }

    /// <summary>Where the device ran alone, nothing is seen of a change before the next sample, which comes within 10 frames.</summary>
    [Theory]
    [MemberData(nameof(Scenarios.Changing), MemberType = typeof(Scenarios))]
    public void From_the_fourth_frame_after_a_change_the_default_is_within_five_per_cent_of_the_oracle(string scenario)
    {
        var world = Scenarios.Read(scenario);
        var changes = world.Changes;
        for (var i = 0; i < changes.Length; i++)
        {
            var end = i + 1 < changes.Length ? changes[i + 1] : world.Frames;
            var alone = Enumerable.Range(0, world.Arms.Length).MinBy(arm => world.MeanSeconds(arm, changes[i] - 1)) == world.Arms.Length - 1;
            var begin = changes[i] + 3 + (alone ? 10 : 0);
            if (begin >= end) continue;
            var excess = Scenarios.ExcessRatio(scenario, PolicyNames.MuLinUcb, frames => frames.Where(f => f.Frame >= begin && f.Frame < end));
            Assert.True(excess <= 0.05, $"{excess:P1} from frame {begin} to {end}");
        }
    }
}
