using SplitInfer.Policies.Catalog;

namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>When the device runs beside a server, and what is promised where it does not.</summary>
public class HedgeTests
{
    [Fact]
    public void A_server_that_never_answered_is_not_relied_on()
    {
        // By what is believed of any link it answers within 300 ms; the device takes most of them.
        var policy = Variants.Policy(new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.2));
        var asked = 0;
        for (var i = 0; i < 30; i++)
        {
            var decision = policy.Decide(Variants.By(0.3));
            if (decision.Arm.IsOnDevice) continue;
            asked++;
            Assert.True(decision is { IsForced: true, HedgeAfterSeconds: > 0 and < 0.1, Local.IsOnDevice: true });
        }

        Assert.InRange(asked, 2, 30);
    }

    [Fact]
    public void A_sample_is_hedged_whatever_the_server_did_before()
    {
        // The device is as accurate as the server, which is only looked at.
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Variants.Setup(Hedge.WhenLate, true, new(0.5, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.05)), new Dictionary<string, string> { ["hedgeRisk"] = "0.05" });
        var samples = 0;
        for (var i = 0; i < 2000; i++)
        {
            var decision = policy.Decide(Variants.By(0.15));
            policy.Observe(decision.Arm.IsOnDevice ? new() { Decision = decision, HeadSeconds = 0.05 } : Variants.Reply(decision, 0.09 + (0.02 * (i % 5) / 4), 0.01));
            if (decision.Arm.IsOnDevice) continue;
            samples++;
            Assert.NotNull(decision.HedgeAfterSeconds);
        }

        Assert.InRange(samples, 20, 200);
    }

    [Fact]
    public void What_is_looked_at_leaves_the_device_its_time_where_some_arm_does()
    {
        // By the cut of the first variant the device has spent what it needs for the second one, which is all that it can answer with.
        var setup = Setup();
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, setup);
        var asked = 0;
        for (var i = 0; i < 200; i++)
        {
            var decision = policy.Decide(Variants.By(0.06));
            policy.Observe(decision.Arm.IsOnDevice
                ? new() { Decision = decision, HeadSeconds = 0.04 }
                : Variants.Reply(decision, 0.5, 0.001) with { HeadSeconds = Math.Max(1e-6, setup.Heads.SecondsOf(decision.Arm.Variant, decision.Arm.Cut)) });
            if (decision.Arm.IsOnDevice) continue;
            asked++;
            Assert.NotNull(decision.HedgeAfterSeconds);
        }

        Assert.InRange(asked, 2, 40);
    }

    [Fact]
    public void Where_looking_costs_accuracy_it_is_rare()
    {
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Variants.Setup(Hedge.Never, true, new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.05)));
        var asked = 0;
        for (var i = 0; i < 1000; i++)
        {
            var decision = policy.Decide(Variants.By(0.1));
            if (decision.Arm.IsOnDevice) policy.Observe(new() { Decision = decision, HeadSeconds = 0.05 });
            else asked++;
        }

        // It never answers.
        Assert.InRange(asked, 2, 27);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("0.05", false)]
    public void The_device_is_left_out_only_at_the_risk_that_is_allowed_and_its_answer_is_not_promised_then(string risk, bool isHedged)
    {
        // Replies come after 210 to 240 ms of 250; the device would have to start at some 200.
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Variants.Setup(Hedge.WhenLate, true, new(0.9, Tail: 0.01, Device: null), new(0.5, Tail: null, Device: 0.04)), new Dictionary<string, string> { ["hedgeRisk"] = risk });
        Decision last = default;
        for (var i = 0; i < 400; i++)
        {
            last = policy.Decide(Variants.By(0.25));
            policy.Observe(last.Arm.IsOnDevice ? new() { Decision = last, HeadSeconds = 0.04 } : Variants.Reply(last, 0.2 + (0.03 * (i % 11) / 10), 0.01));
        }

        Assert.False(last.Arm.IsOnDevice);
        Assert.Equal(isHedged, last.HedgeAfterSeconds is not null);
        var floor = isHedged ? 0.5 : 0;
        Assert.InRange(last.InTimeProbability!.Value, 0.95, 0.9999);
        Assert.Equal((0.9 * last.InTimeProbability.Value) + (floor * (1 - last.InTimeProbability.Value)), last.ExpectedAccuracy!.Value, 9);
    }

    // Two variants of which the device has the second one; the first one may be cut late, by which a server seems fastest.
    private static PolicySetup Setup()
    {
        var heads = new HeadProfile([[0, 9e7, 1e8], [0, 1e8]]);
        foreach (var (variant, cut, seconds) in ((int, int, double)[])[(0, 0, 0), (0, 1, 0.03), (0, 2, 0.2), (1, 0, 0), (1, 1, 0.04)]) heads.Record(variant, cut, seconds);
        return new()
        {
            Heads = heads,
            Arms =
            [
                Describe(new(0, 0, 0, 0, 0, 0), 0.5, bits: 8e6, tail: 0.02),
                Describe(new(1, 0, 1, 0, 0, 0), 0.5, bits: 8e3, tail: 0.001),
                Describe(new(2, 1, 1, 0, 0, Arm.OnDevice), 0.5, bits: 0, tail: 0),
            ],
        };

        static ArmDescription Describe(Arm arm, double accuracy, double bits, double tail) =>
            new() { Arm = arm, Accuracy = accuracy, PayloadBits = bits, TailSeconds = tail, TailMacs = [arm.IsOnDevice ? 0 : 1e8 * (1 - (0.9 * arm.Cut))], TailNodes = [arm.IsOnDevice ? 0 : 1] };
    }
}
