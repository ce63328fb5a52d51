using System.Text;
using SplitInfer.Policies.Catalog;
using SplitInfer.Simulation;
using SplitInfer.Simulation.Families;

namespace SplitInfer.Policies.Tests.Deadlines;

public class FamilySimulatorTests
{
    [Theory]
    [InlineData(DelayLawKind.LogNormal, 80, 40)]
    [InlineData(DelayLawKind.Gamma, 80, 40)]
    [InlineData(DelayLawKind.Gamma, 20, 40)]
    [InlineData(DelayLawKind.Normal, 200, 20)]
    [InlineData(DelayLawKind.Normal, 50, 0)]
    public void A_law_has_the_mean_and_the_deviation_that_it_is_given(DelayLawKind kind, double mean, double deviation)
    {
        var delays = Sample(new() { Kind = kind, MeanMs = mean, SdMs = deviation }, 40_000);
        Assert.Equal(mean, delays.Average(), 0.03 * mean);
        Assert.Equal(deviation, Math.Sqrt(delays.Average(delay => (delay - mean) * (delay - mean))), 0.05 * Math.Max(deviation, 1e-3));
        Assert.All(delays, static delay => Assert.True(delay > 0));
    }

    [Fact]
    public void A_normal_law_is_cut_off_at_0()
    {
        // 92 ± 92 above 0: mean 92 + 92·φ(−1)/Φ(1).
        var delays = Sample(new() { Kind = DelayLawKind.Normal, MeanMs = 92, SdMs = 92 }, 40_000);
        Assert.Equal(92 + (92 * 0.24197 / 0.84134), delays.Average(), 1.5);
        Assert.True(delays.Min() > 0);
    }

    [Fact]
    public void A_trace_is_played_in_turn() => Assert.Equal([3, 1, 2, 3, 1], Sample(new() { Kind = DelayLawKind.Trace, TraceMs = [3, 1, 2] }, 5));

    [Fact]
    public void The_device_is_told_of_no_more_than_it_can_know_and_requests_are_what_they_took()
    {
        // Everything is certain: 10 ms there and back, 5 and 30 ms on the server, 20 ms on the device.
        var family = Read("""
            {"frames": 120, "networks": [{"name": "n", "out": {"meanMs": 10}}], "deadlineMs": [30, 60, 15],
             "variants": [{"name": "a", "accuracy": 0.5, "serverMs": 5, "deviceMs": 20}, {"name": "b", "accuracy": 0.9, "serverMs": 30}]}
            """);
        FamilyRequest[] Last(double deadline, string hedgeRisk = "0") =>
            [.. new FamilySimulator(family, family.Networks[0], deadline, seed: 1).Play(PolicyCatalog.Create(PolicyNames.MuLinUcb, FamilySimulator.SetupOf(family), new Dictionary<string, string> { ["hedgeRisk"] = hedgeRisk })).TakeLast(5)];
        Assert.All(Last(60), static request => Assert.True(request is { Accuracy: 0.9, IsLate: false, IsHedged: true, Decision.HedgeAfterSeconds: > 0.03 and < 0.04 } && Math.Abs(request.Seconds - 0.05) < 1e-9));
        Assert.All(Last(60, hedgeRisk: "0.01"), static request => Assert.True(request is { Accuracy: 0.9, IsLate: false, IsHedged: false } && Math.Abs(request.Seconds - 0.05) < 1e-9));
        Assert.All(Last(30), static request => Assert.Equal(0.5, request.Accuracy));
        Assert.All(Last(15), static request => Assert.Equal(0, request.Accuracy));
        var cell = FamilyCell.Play(family, family.Networks[0], 60, () => PolicyCatalog.Create(PolicyNames.MuLinUcb, FamilySimulator.SetupOf(family)), seed: 1);
        Assert.Equal("b", cell.BestStatic);
        Assert.Equal(0.9, cell.StaticAccuracy, 1e-9);
        Assert.Equal(0.9, cell.InformedAccuracy, 1e-9);
        Assert.Equal(1, cell.Published.HedgedShare);
    }

    [Theory]
    [InlineData(25, 25, "at 40, by itself")]
    [InlineData(10, 10, "never")]
    public void A_device_that_hears_too_late_that_it_need_not_start_has_started(double outMs, double backMs, string expected)
    {
        // The server chooses at once, and what it says takes both ways; the device, of 16 ms, starts by itself 20 ms before the deadline of 60.
        var family = Read($$$"""
            {"frames": 5, "chooses": "server", "networks": [{"name": "n", "out": {"meanMs": {{{outMs}}}}, "back": {"meanMs": {{{backMs}}}}}], "deadlineMs": [60],
             "variants": [{"name": "a", "accuracy": 0.5, "deviceMs": 16}, {"name": "b", "accuracy": 0.9, "serverMs": {{{58 - outMs - backMs}}}}]}
            """);
        foreach (var request in new FamilySimulator(family, family.Networks[0], 60, seed: 1).Play(new Refraining()))
            Assert.True(request is { Accuracy: 0.9, IsLate: false } && request.IsHedged == (expected != "never"));
        foreach (var request in new FamilySimulator(family, family.Networks[0], 60, seed: 1).Play(new Refraining(onDevice: true)))
            Assert.Equal(Math.Min(outMs + backMs, 40) + 16, request.Seconds * 1e3, 9);
    }

    [Fact]
    public void Two_plays_of_one_cell_do_not_mix()
    {
        var family = Read("""
            {"frames": 200, "networks": [{"name": "n", "out": {"meanMs": 30, "sdMs": 20}}], "deadlineMs": [60],
             "variants": [{"name": "a", "accuracy": 0.5, "serverMs": 5, "deviceMs": 20}, {"name": "b", "accuracy": 0.9, "serverMs": 20}]}
            """);
        var simulator = new FamilySimulator(family, family.Networks[0], 60, seed: 3);
        IEnumerable<FamilyRequest> Play() => simulator.Play(PolicyCatalog.Create(PolicyNames.MuLinUcb, FamilySimulator.SetupOf(family)));
        var alone = Play().ToArray();
        Assert.All(Play().Zip(Play()).Zip(alone), static both => Assert.Equal((both.Second, both.Second), both.First));
    }

    [Fact]
    public void An_accuracy_that_is_asked_for_is_kept_where_a_server_has_it()
    {
        var family = Read("""
            {"frames": 200, "networks": [{"name": "n", "out": {"meanMs": 10, "sdMs": 4}}], "deadlineMs": [40], "minAccuracy": 0.6,
             "variants": [{"name": "a", "accuracy": 0.5, "serverMs": 5, "deviceMs": 20}, {"name": "b", "accuracy": 0.7, "serverMs": 20}, {"name": "c", "accuracy": 0.9, "serverMs": 30}]}
            """);
        foreach (var request in new FamilySimulator(family, family.Networks[0], 40, seed: 2).Play(PolicyCatalog.Create(PolicyNames.MuLinUcb, FamilySimulator.SetupOf(family))))
            Assert.InRange(request.Decision.Arm.Variant, 1, 2);
    }

    // Takes the server and is sure of it, or has the device answer.
    private sealed class Refraining(bool onDevice = false) : IPartitionPolicy
    {
        public string Name => "refraining";

        public Decision Decide(in DecisionContext context) => new() { Arm = onDevice ? new(1, 0, 1, 0, 0, Arm.OnDevice) : new(0, 1, 0, 0, 0, 0), InTimeProbability = 1 };

        public void Observe(in Outcome outcome) { }
    }

    private static FamilyScenario Read(string text) => FamilyReader.Read(Encoding.UTF8.GetBytes(text));

    private static double[] Sample(DelayLaw law, int count)
    {
        var delays = new double[count];
        for (var request = 0; request < count; request++)
        {
            var draws = new Draws(seed: 5, request, stream: 1);
            delays[request] = law.SampleMs(ref draws, request);
        }

        return delays;
    }
}
