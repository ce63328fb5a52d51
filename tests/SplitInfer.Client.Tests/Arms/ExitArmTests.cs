using System.Collections.Immutable;
using SplitInfer.Client.Arms;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Codecs;
using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Client.Tests.Arms;

/// <summary>Arms of a model of three stages with an exit on the first cut and one on the second.</summary>
public class ExitArmTests
{
    private static readonly ImmutableArray<ArmExit> Exits = [.. ArmExit.Of(ScriptedExits.Of(new(0.6), new(0.8)).Exits)];

    [Fact]
    public void Settings_that_answer_where_they_are_sure_come_before_those_that_always_do()
    {
        Assert.Equal([(1, 1, false), (2, 2, false), (3, 1, true), (4, 2, true)], Exits.Select(static exit => (exit.Setting, exit.Partition, exit.IsForced)));
        Assert.All(Exits, static exit => Assert.Equal(exit.IsForced, exit.Rate == 1));
        Assert.Equal([ScriptedExits.PromisedQuality, ScriptedExits.PromisedQuality, ScriptedExits.Agreement, ScriptedExits.Agreement + 0.1], Exits.Select(static exit => exit.Quality));
        Assert.True(Exits[1].Rate > Exits[0].Rate, "The later exit also finds what the earlier one would have answered.");
    }

    [Fact]
    public void On_the_device_arms_with_exits_come_before_the_one_that_runs_all_of_their_variant()
    {
        var arms = Catalog(variants: 2);
        Assert.Equal(
            [(1, 1), (1, 2), (1, 3), (1, 4), (1, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 0)],
            arms.Descriptions.Where(static arm => arm.Arm.IsOnDevice).Select(static arm => (arm.Arm.Variant, arm.Arm.Exit)));
        Assert.Equal(arms.Descriptions[^1].Arm, arms.OnDevice);
        Assert.Equal((1, 0), (arms.OnDeviceOf(1).Variant, arms.OnDeviceOf(1).Exit));
        Assert.Equal((1, 1), (arms.FirstExitOf(1)!.Value.Variant, arms.FirstExitOf(1)!.Value.Exit));
        Assert.Equal(Enumerable.Range(0, arms.Descriptions.Length), arms.Descriptions.Select(static arm => arm.Arm.Index));
    }

    [Fact]
    public void No_server_is_asked_by_an_arm_whose_exit_always_answers()
    {
        var remote = Catalog().Descriptions.Where(static arm => !arm.Arm.IsOnDevice).ToArray();
        Assert.Contains(remote, static arm => arm.Arm.Exit > 0);
        Assert.All(remote, static arm => Assert.True(arm.ExitRate < 1 && (arm.ExitRate > 0) == (arm.Arm.Exit > 0)));
        Assert.All(remote.Where(static arm => arm.Arm.Exit > 0), static arm => Assert.Equal(ScriptedExits.PromisedQuality, arm.Accuracy));
    }

    [Fact]
    public void Policies_take_the_arms()
    {
        var arms = Catalog(variants: 2);
        var heads = new HeadProfile([.. Enumerable.Range(0, 2).Select(static _ => ImmutableArray.Create(0.0, 0.01, 0.02, 0.03))]);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, new() { Arms = arms.Descriptions, Heads = heads, Servers = [new()] });
        for (var request = 0; request < 20; request++) Assert.True(arms.Contains(policy.Decide(new() { MinAccuracy = 0.95 }).Arm));
    }

    [Fact]
    public void A_fixed_partition_with_an_exit_on_it_asks_the_exit_and_a_named_one_does_not()
    {
        var arms = Catalog();
        Assert.Equal((1, 1), (arms.RequireFixed(1).Cut, arms.RequireFixed(1).Exit));
        Assert.Equal(0, arms.RequireNamed(1).Exit);
        Assert.Equal(0, arms.RequireFixed(0).Exit);
        Assert.True(arms.Contains(arms.RequireFixed(2)));
        Assert.Equal(ScriptedExits.PromisedQuality, arms.AccuracyOf(arms.RequireFixed(2)));
    }

    private static ArmCatalog Catalog(int variants = 1)
    {
        var planned = new PlannedArmVariant(ThreeStages.Model.Plan) { Exits = Exits };
        return ArmCatalog.Create([.. Enumerable.Repeat(planned, variants)], new(Codec: null, Allowed: null, Calibration: null, MinAgreement: 0.99), CodecRegistry.Default, servers: 1);
    }
}
