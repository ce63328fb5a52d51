using System.Collections.Immutable;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>The published rule, by hand: four models of 10, 20, 50 and 50 ms at 0.5, 0.7, 0.9 and 0.9, and one on the device.</summary>
public class MdInferencePaperTests
{
    private static readonly (double Milliseconds, double Accuracy)[] Models = [(10, 0.5), (20, 0.7), (50, 0.9), (50, 0.9)];

    [Theory]
    // Deadline and way in, ms. The budget is the deadline less twice the way in; a mean that only equals it does not fit.
    [InlineData(250, 90, 2)]
    [InlineData(250, 100, 1)]
    [InlineData(240.001, 110, 1)]
    [InlineData(240, 115, 0)]
    [InlineData(230, 110, 0)]
    [InlineData(1000, 1, 2)]
    public void The_most_accurate_of_those_within_the_budget_is_taken_the_first_of_equals(double deadline, double uplink, int model)
    {
        var decision = Decide(Create(), deadline, uplink);
        Assert.Equal(model, decision.Arm.Variant);
        Assert.Equal((2 * uplink) + Models[model].Milliseconds, decision.PredictedSeconds * 1e3, 9);
    }

    [Theory]
    [InlineData(200, 96)]
    [InlineData(100, 60)]
    [InlineData(10, 50)]
    public void Where_none_fits_the_fastest_is_taken(double deadline, double uplink) => Assert.Equal(0, Decide(Create(), deadline, uplink).Arm.Variant);

    [Fact]
    public void The_device_runs_beside_every_request_from_its_beginning_whether_or_not_there_is_a_deadline()
    {
        var policy = Create();
        var decision = Decide(policy, 250, 50);
        Assert.True(decision is { HedgeAfterSeconds: 0, Local: { IsOnDevice: true, Variant: 0 }, IsRaced: true });
        Assert.True(policy.Decide(default) is { Local: { IsOnDevice: true, Variant: 0 }, IsRaced: true });
    }

    [Fact]
    public void A_deviation_of_the_runs_counts_once()
    {
        // Runs of 40 and 60 ms: mean 50, deviation 10, so that a budget of 60 ms is not enough and one of 61 is.
        var policy = Create();
        foreach (var (model, milliseconds) in ((int, double)[])[(2, 40), (2, 60), (3, 80), (3, 80)]) policy.Observe(Ran(policy, model, milliseconds));
        Assert.Equal(1, Decide(policy, 160, 50).Arm.Variant);
        Assert.Equal(2, Decide(policy, 161, 50).Arm.Variant);

        var twice = Create(new() { ["gamma"] = "2" });
        foreach (var milliseconds in (double[])[40, 60]) twice.Observe(Ran(twice, 2, milliseconds));
        foreach (var _ in (int[])[1, 2]) twice.Observe(Ran(twice, 3, 80));
        Assert.Equal(1, Decide(twice, 170, 50).Arm.Variant);
        Assert.Equal(2, Decide(twice, 171, 50).Arm.Variant);
    }

    [Fact]
    public void Only_the_last_hundred_runs_count()
    {
        var policy = Create();
        foreach (var model in (int[])[2, 3])
        {
            for (var i = 0; i < 50; i++) policy.Observe(Ran(policy, model, 500));
            for (var i = 0; i < 100; i++) policy.Observe(Ran(policy, model, 30));
        }

        Assert.Equal(2, Decide(policy, 131, 50).Arm.Variant);
    }

    [Fact]
    public void On_the_device_half_of_the_last_round_trip_stands_for_the_way_in()
    {
        var policy = Create();
        policy.ObserveRoundTrip(0, 0.1);
        Assert.Equal(2, Decide(policy, 151, 0).Arm.Variant);
        Assert.Equal(1, Decide(policy, 150, 0).Arm.Variant);
    }

    [Fact]
    public void Each_server_has_a_round_trip_of_its_own()
    {
        var heads = new HeadProfile([[0, 1e8], [0, 1e8]]);
        heads.Record(0, 1, 0.02);
        var policy = PolicyCatalog.Create(PolicyNames.MdInferencePaper, new()
        {
            Heads = heads,
            Arms =
            [
                Describe(new(0, 0, 0, 0, 0, 0), 0.5) with { TailSeconds = 0.01 },
                Describe(new(1, 1, 0, 0, 0, 1), 0.9) with { TailSeconds = 0.05 },
                Describe(new(2, 0, 1, 0, 0, Arm.OnDevice), 0.5),
            ],
        });
        policy.ObserveRoundTrip(1, 0.2);
        policy.ObserveRoundTrip(0, 0.01);
        policy.ObserveRoundTrip(2, 0.01);
        Assert.Equal(0, Decide(policy, 240, 0).Arm.Server);
        Assert.Equal(1, Decide(policy, 260, 0).Arm.Server);
    }

    [Fact]
    public void Replies_that_did_not_come_teach_nothing_and_a_server_that_is_away_leaves_the_device()
    {
        var policy = Create();
        policy.Observe(Ran(policy, 2, 500) with { Server = ServerOutcome.Overdue });
        Assert.Equal(2, Decide(policy, 250, 50).Arm.Variant);
        Assert.True(policy.Decide(new() { RemainingSeconds = 0.2, UplinkSeconds = 0.05, UnavailableServers = 1 }).Arm.IsOnDevice);
    }

    private static IPartitionPolicy Create(Dictionary<string, string>? options = null)
    {
        var heads = new HeadProfile([.. Models.Select(static _ => (ImmutableArray<double>)[0, 1e8])]);
        heads.Record(0, 1, 0.02);
        return PolicyCatalog.Create(PolicyNames.MdInferencePaper, new()
        {
            Heads = heads,
            Arms =
            [
                .. Models.Select(static (model, v) => Describe(new(v, v, 0, 0, 0, 0), model.Accuracy) with { TailSeconds = model.Milliseconds / 1e3 }),
                Describe(new(Models.Length, 0, 1, 0, 0, Arm.OnDevice), Models[0].Accuracy),
            ],
        }, options);
    }

    private static ArmDescription Describe(Arm arm, double accuracy) => new() { Arm = arm, PayloadBits = 0, Accuracy = accuracy, TailMacs = [1e8], TailNodes = [1] };

    private static Decision Decide(IPartitionPolicy policy, double deadline, double uplink) =>
        policy.Decide(new() { Objective = Objective.MostAccurateBy, RemainingSeconds = (deadline - uplink) / 1e3, UplinkSeconds = uplink / 1e3 });

    private static Outcome Ran(IPartitionPolicy policy, int model, double milliseconds) => new()
    {
        Decision = policy.Decide(default) with { Arm = new(model, model, 0, 0, 0, 0) },
        Server = ServerOutcome.Replied, OffloadSeconds = 0.2, ServerSeconds = milliseconds / 1e3, BytesSent = 1,
    };
}
