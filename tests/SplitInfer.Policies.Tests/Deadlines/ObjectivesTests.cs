namespace SplitInfer.Policies.Tests.Deadlines;

/// <summary>Requests of unlike objectives and demands through one policy: none spoils what is learned for the others.</summary>
public class ObjectivesTests
{
    // The server answers with the small variant in half of what the device takes, and with the large one in five times that.
    private const double Device = 0.1, Link = 0.03, Small = 0.02, Large = 0.5;

    [Fact]
    public void Requests_that_take_their_time_for_accuracy_do_not_close_the_server_to_those_in_a_hurry() => Assert.All(Played(Variants.By(2)), static decision => Assert.False(decision.Arm.IsOnDevice));

    [Fact]
    public void Requests_that_ask_for_what_the_device_does_not_have_do_not_either() => Assert.All(Played(new() { MinAccuracy = 0.8 }), static decision => Assert.False(decision.Arm.IsOnDevice));

    [Fact]
    public void Deadlines_that_nothing_makes_do_not_make_replies_late() => Assert.All(Played(Variants.By(0.04)), static decision => Assert.True(decision is { Arm.IsOnDevice: false, IsRaced: false }));

    [Fact]
    public void A_request_is_compared_with_what_the_device_would_have_taken_for_it_whichever_is_decided_meanwhile()
    {
        // Of the device's two variants the accurate one takes five times as long, and requests that ask for it are faster on the server.
        var policy = Variants.Policy(new(0.9, Tail: 0.3, Device: 1), new(0.5, Tail: null, Device: 0.1));
        for (var i = 0; i < 60; i++)
        {
            var accurate = policy.Decide(new() { MinAccuracy = 0.8 });
            var quick = policy.Decide(default);
            if (i >= 10) Assert.False(accurate.Arm.IsOnDevice);
            policy.Observe(quick.Arm.IsOnDevice ? new() { Decision = quick, HeadSeconds = 0.1 } : Variants.Reply(quick, Link, 0.3));
            policy.Observe(accurate.Arm.IsOnDevice ? new() { Decision = accurate, HeadSeconds = 1 } : Variants.Reply(accurate, Link, 0.3));
        }
    }

    // The decisions in a hurry, once the server is known, of a client that makes another request after each.
    private static List<Decision> Played(DecisionContext other)
    {
        var policy = Variants.Policy(new(0.5, Small, Device: Device), new(0.9, Large, Device: null));
        var decisions = new List<Decision>();
        Outcome? late = null;
        for (var i = 0; i < 120; i++)
        {
            var decision = policy.Decide(i % 2 == 0 ? default : other);
            if (i % 2 == 0 && i >= 20) decisions.Add(decision);
            if (late is { } reply) policy.Observe(reply);
            late = null;
            var server = decision.Arm.Variant == 0 ? Small : Large;
            if (decision.Arm.IsOnDevice) policy.Observe(new() { Decision = decision, HeadSeconds = Device });
            else if (i % 2 == 0 || other.RemainingSeconds is not < Link + Small) policy.Observe(Variants.Reply(decision, Link, server));
            else
            {
                policy.Observe(new() { Decision = decision, Server = ServerOutcome.Overdue, HeadSeconds = 1e-6, OffloadSeconds = other.RemainingSeconds.Value, DeviceSeconds = Device });
                late = Variants.Reply(decision, Link, server) with { Kind = OutcomeKind.LateReply, HeadSeconds = 0 };
            }
        }

        return decisions;
    }
}
