using System.Collections.Immutable;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Policies.Tests;

/// <summary>A model of 4·10⁸ multiply-accumulates that is cut into quarters, a device that takes 100 ms for it, and two servers over fast links.</summary>
public class NeurosurgeonTests
{
    private const int Cuts = 4;

    [Fact]
    public void It_wants_the_profile_of_the_server_and_no_other_policy_does()
    {
        foreach (var name in PolicyNames.All)
            Assert.Equal(name == PolicyNames.Neurosurgeon, PolicyCatalog.Create(name, Setup()).Needs.HasFlag(PolicyNeeds.ServerProfile));
    }

    [Fact]
    public void A_profile_that_comes_late_counts_from_then_on_and_for_its_server_only()
    {
        var policy = Connected();
        Assert.Equal((0, 0), Place(policy));
        policy.ObserveServerProfile(server: 0, [1.0, 1.0, 1.0, 1.0]);
        Assert.Equal((0, 1), Place(policy));
        policy.ObserveServerProfile(server: 1, [2.0, 0.5, 0.001, 0.5]);
        Assert.Equal((2, 1), Place(policy));

        // The server was replaced by another one.
        policy.ObserveServerProfile(server: 0, [0.002, 0.002, 0.002, 0.002]);
        Assert.Equal((0, 0), Place(policy));
    }

    [Fact]
    public void Where_all_servers_are_slow_the_device_runs_everything()
    {
        var policy = Connected();
        for (var server = 0; server < 2; server++) policy.ObserveServerProfile(server, [1.0, 1.0, 1.0, 1.0]);
        Assert.True(policy.Decide(default).Arm.IsOnDevice);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(double.NaN)]
    public void What_was_not_profiled_is_as_fast_for_its_work_as_what_was(double unknown)
    {
        var policy = Connected();

        // Cut 2 has half of the work: the server takes 10 ms for each quarter.
        foreach (var profile in (ImmutableArray<double>[])[[unknown, unknown, 0.020], [unknown, unknown, 0.020, unknown]])
        {
            policy.ObserveServerProfile(server: 0, profile);
            Assert.Equal(0.040, Predicted(policy), precision: 3);
        }

        // A profile without anything in it says nothing.
        policy.ObserveServerProfile(server: 0, [unknown, unknown]);
        policy.ObserveServerProfile(server: 0, []);
        policy.ObserveServerProfile(server: 0, default);
        policy.ObserveServerProfile(server: 7, [1.0]);
        Assert.Equal(0.040, Predicted(policy), precision: 3);
    }

    [Fact]
    public void The_others_ignore_it()
    {
        foreach (var name in PolicyNames.All.Where(static name => name is not (PolicyNames.Neurosurgeon or PolicyNames.EpsilonGreedy)))
        {
            var (told, other) = (PolicyCatalog.Create(name, Setup()), PolicyCatalog.Create(name, Setup()));
            told.ObserveServerProfile(server: 0, [9.0, 9.0, 9.0, 9.0]);
            Assert.Equal(other.Decide(default), told.Decide(default));
        }
    }

    private static (int Cut, int Server) Place(IPartitionPolicy policy) => (policy.Decide(default).Arm.Cut, policy.Decide(default).Arm.Server);

    private static double Predicted(IPartitionPolicy policy)
    {
        var decision = policy.Decide(new() { UnavailableServers = 2 });
        Assert.Equal((0, 0), (decision.Arm.Cut, decision.Arm.Server));
        return decision.PredictedSeconds;
    }

    // A policy that has measured both links.
    private static IPartitionPolicy Connected()
    {
        var policy = PolicyCatalog.Create(PolicyNames.Neurosurgeon, Setup());
        for (var server = 0; server < 2; server++)
        {
            var decision = policy.Decide(default);
            Assert.True(decision.IsForced);
            policy.Observe(new() { Decision = decision, Server = ServerOutcome.Replied, OffloadSeconds = 2e-5, ServerSeconds = 1e-5, BytesSent = 1_000_000 });
        }

        return policy;
    }

    private static PolicySetup Setup()
    {
        var heads = new HeadProfile([.. Enumerable.Range(0, Cuts + 1).Select(static cut => cut * 1e8)]);
        for (var cut = 0; cut <= Cuts; cut++) heads.Record(cut, cut * 0.025);
        var remote =
            from server in Enumerable.Range(0, 2)
            from cut in Enumerable.Range(0, Cuts)
            select Arm((server * Cuts) + cut, cut, server);
        return new() { Heads = heads, Arms = [.. remote, Arm(2 * Cuts, Cuts, Policies.Arm.OnDevice)] };
    }

    private static ArmDescription Arm(int index, int cut, int server) =>
        new() { Arm = new(index, 0, cut, 0, 0, server), PayloadBits = 1e3 * (Cuts - cut), TailMacs = [1e8 * (Cuts - cut)], TailNodes = [0] };
}
