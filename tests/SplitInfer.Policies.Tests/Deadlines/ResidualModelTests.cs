using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Learning;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>What outcomes say of the probability that the next request is in time.</summary>
public class ResidualModelTests
{
    [Theory]
    [InlineData(ServerOutcome.Refused, 0.004)]
    [InlineData(ServerOutcome.Failed, 0.004)]
    [InlineData(ServerOutcome.Failed, 0)]
    public void A_server_that_refuses_every_second_request_answers_half_of_them_in_time(ServerOutcome refusal, double waited)
    {
        var policy = Variants.Policy(new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.05));
        var probability = 0.0;
        for (var i = 0; i < 200; i++)
        {
            var decision = policy.Decide(Variants.By(0.3));
            if (!decision.Arm.IsOnDevice) probability = decision.InTimeProbability!.Value;
            policy.Observe(decision.Arm.IsOnDevice ? new() { Decision = decision, HeadSeconds = 0.05 }
                : i % 2 == 0 ? Variants.Reply(decision, 0.03, 0.01)
                : new() { Decision = decision, Server = refusal, HeadSeconds = 1e-6, OffloadSeconds = waited, DeviceSeconds = 0.05 });
        }

        Assert.InRange(probability, 0.4, 0.6);
    }

    [Fact]
    public void A_server_that_begins_to_refuse_every_second_request_is_left_where_nothing_stands_in()
    {
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Variants.Setup(Hedge.Never, true, new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.05)));
        var asked = 0;
        for (var i = 0; i < 1000; i++)
        {
            var decision = policy.Decide(Variants.By(0.3));
            if (!decision.Arm.IsOnDevice && i >= 600) asked++;
            policy.Observe(decision.Arm.IsOnDevice ? new() { Decision = decision, HeadSeconds = 0.05 }
                : i < 500 || decision.Sequence % 2 == 0 ? Variants.Reply(decision, 0.03, 0.01)
                : new() { Decision = decision, Server = ServerOutcome.Refused, HeadSeconds = 1e-6, OffloadSeconds = 0.004, DeviceSeconds = 0.05 });
        }

        Assert.InRange(asked, 1, 20);
    }

    [Fact]
    public void What_an_outcome_taught_the_device_is_no_part_of_how_far_the_outcome_was_off()
    {
        // Encoding takes 10 to 30 ms, nothing else scatters. Nine in ten requests are done within 28 ms and what the rest takes.
        var policy = Variants.Policy(new(0.9, Tail: 0.01, Device: null, Encode: 0.02), new(0.3, Tail: null, Device: 0.002));
        var random = new ScenarioRandom(31);
        var probabilities = new List<double>();
        for (var i = 0; i < 2000; i++)
        {
            var decision = policy.Decide(Variants.By(0.028 + 0.03 + 0.01));
            if (i >= 500 && !decision.Arm.IsOnDevice) probabilities.Add(decision.InTimeProbability!.Value);
            policy.Observe(decision.Arm.IsOnDevice ? new() { Decision = decision, HeadSeconds = 0.002 } : Variants.Reply(decision, 0.03, 0.01, encode: random.Uniform(0.01, 0.03)));
        }

        Assert.True(probabilities.Count > 1000);
        Assert.InRange(probabilities.Average(), 0.85, 0.92);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.004)]
    public void How_far_off_a_server_was_thought_to_be_is_no_scatter(double told)
    {
        var costs = Recording(Variants.Setup(Hedge.WhenLate, true, new(0.9, told, Device: null), new(0.5, Tail: null, Device: 0.05)));
        for (var i = 1; i <= 40; i++)
        {
            costs.Advance(Variants.By(0.3), i);
            costs.Observe(Variants.Reply(Decision(i), link: 0.03, server: 0.02));

            // What is left of it is little from the first request on.
            Assert.InRange(costs.Residuals[0].Last.Seconds, 0.025, 0.035);
        }
    }

    [Fact]
    public void How_far_a_server_scatters_once_it_is_known_counts()
    {
        var costs = Recording(Variants.Setup(Hedge.WhenLate, true, new(0.9, Tail: 0.02, Device: null), new(0.5, Tail: null, Device: 0.05)));
        var random = new ScenarioRandom(5);
        for (var i = 1; i <= 400; i++)
        {
            costs.Advance(Variants.By(0.3), i);
            costs.Observe(Variants.Reply(Decision(i), link: 0.03, server: random.Uniform(0.015, 0.025)));
        }

        // Of the uniform law the middle eight tenths are 8 ms wide.
        var window = costs.Residuals[0];
        Assert.InRange(window.Quantile(0.1) - window.Quantile(0.9), 0.007, 0.009);
    }

    [Fact]
    public void What_a_stopped_process_measured_can_be_saved_and_restored()
    {
        var setup = Variants.Setup(Hedge.WhenLate, true, new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.05));
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        for (var i = 0; i < 20; i++)
        {
            var decision = policy.Decide(Variants.By(0.3));
            var asked = decision with { Arm = setup.Arms[0].Arm };
            policy.Observe(new() { Decision = decision with { Arm = setup.Arms[^1].Arm }, HeadSeconds = i == 9 ? 80_000 : 0.05 });
            policy.Observe(Variants.Reply(asked, i == 12 ? 80_000 : 0.03, 0.01, encode: i == 12 ? 80_000 : 0));
        }

        var saved = Numbers(policy);
        var restored = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        restored.State!.Restore(new(saved));
        Assert.Equal(saved.Length, Numbers(restored).Length);
    }

    [Fact]
    public void A_single_mishap_does_not_rule_what_the_device_is_given()
    {
        var residuals = new ResidualModel(servers: 1) { IsRecording = true };
        for (var i = 0; i < 100; i++) residuals.ObserveDevice(i == 50 ? 0.5 : 0.1, predicted: 0.1, i);
        Assert.InRange(residuals.DeviceFactor(0.005), 1, 1.2);
        for (var i = 0; i < 3; i++) residuals.ObserveDevice(i == 1 ? 0.5 : 0.1, predicted: 0.1, 100 + i);
        Assert.InRange(residuals.DeviceFactor(0.005), 5, 6);
    }

    [Fact]
    public void What_a_tiny_head_takes_relative_to_what_it_should_says_nothing_of_a_whole_model()
    {
        var setup = Variants.Setup(Hedge.WhenLate, true, new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.05));
        setup.Heads.Record(0, 0, 60e-6);
        var costs = Recording(setup);
        for (var i = 1; i <= 40; i++)
        {
            costs.Advance(Variants.By(0.3), i);
            costs.Observe(Variants.Reply(Decision(i), 0.03, 0.01) with { HeadSeconds = i % 2 == 0 ? 60e-6 : 180e-6, DeviceSeconds = 0.05 * RaceModel.Overhead });
        }

        Assert.InRange(costs.Residuals.DeviceFactor(0.005), 1, 1.25);
    }

    private static CostModel Recording(PolicySetup setup) => new(setup, new(setup)) { Residuals = { IsRecording = true } };

    private static Decision Decision(long sequence) => new() { Arm = new(0, 0, 0, 0, 0, 0), Local = new(1, 1, 1, 0, 0, Arm.OnDevice), Objective = Objective.MostAccurateBy, Sequence = sequence };

    private static double[] Numbers(IPartitionPolicy policy)
    {
        var writer = new PolicyStateWriter();
        policy.State!.Save(writer);
        return [.. writer.Numbers];
    }
}
