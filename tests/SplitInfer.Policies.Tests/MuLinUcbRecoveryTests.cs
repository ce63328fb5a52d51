using SplitInfer.Policies.Catalog;

namespace SplitInfer.Policies.Tests;

/// <summary>What one odd observation does to what is decided for ever after.</summary>
public class MuLinUcbRecoveryTests
{
    private const double Device = 0.011, Server = 0.0008, RoundTrip = 0.001;

    /// <summary>A server that was once very slow is looked at again, also where no race makes that free.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 60)]
    [InlineData(false, 1)]
    [InlineData(false, 15)]
    public void One_slow_reply_does_not_cost_a_server_for_ever(bool races, double seconds)
    {
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Setup(races));
        var remote = 0;
        for (var request = 0; request < 40_000; request++)
        {
            policy.ObserveRoundTrip(0, RoundTrip);
            var decision = policy.Decide(default);
            policy.Observe(OutcomeOf(decision, request == 100 ? seconds : Server));
            if (request >= 39_900 && !decision.Arm.IsOnDevice) remote++;
        }

        Assert.InRange(remote, 90, 100);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    [InlineData(1e300)]
    public void Times_that_no_request_has_teach_nothing(double seconds)
    {
        foreach (var name in PolicyNames.All.Where(static name => name != PolicyNames.Fixed))
        {
            var (policy, other) = (PolicyCatalog.Create(name, Setup(canRace: true)), PolicyCatalog.Create(name, Setup(canRace: true)));
            for (var request = 0; request < 300; request++)
            {
                policy.ObserveRoundTrip(0, RoundTrip);
                other.ObserveRoundTrip(0, RoundTrip);
                var decision = policy.Decide(default);
                Assert.Equal(other.Decide(default).Arm, decision.Arm);
                var outcome = OutcomeOf(decision, Server);
                policy.Observe(outcome);
                other.Observe(outcome);
                if (request % 10 != 5 || decision.Arm.IsOnDevice) continue;
                policy.Observe(outcome with { OffloadSeconds = seconds });
                policy.Observe(outcome with { ServerSeconds = seconds });
                policy.Observe(outcome with { HeadSeconds = seconds });
                policy.ObserveRoundTrip(0, seconds);
            }
        }
    }

    private static Outcome OutcomeOf(in Decision decision, double server) => decision.Arm.IsOnDevice
        ? new() { Decision = decision, HeadSeconds = Device }
        : new() { Decision = decision, Server = ServerOutcome.Replied, OffloadSeconds = RoundTrip + server, ServerSeconds = server, BytesSent = 100 };

    private static PolicySetup Setup(bool canRace)
    {
        var heads = new HeadProfile([0, 1e8]);
        heads.Record(0, 0);
        heads.Record(1, Device);
        return new()
        {
            Heads = heads,
            CanRace = canRace,
            Arms =
            [
                new() { Arm = new(0, 0, 0, 0, 0, Server: 0), PayloadBits = 800, TailMacs = [1e8], TailNodes = [10] },
                new() { Arm = new(1, 0, 1, 0, 0, Arm.OnDevice), PayloadBits = 0, TailMacs = [0], TailNodes = [0] },
            ],
        };
    }
}
