using SplitInfer.Policies.MuLinUcb;

namespace SplitInfer.Policies.Tests;

public class DeviceGuardTests
{
    [Fact]
    public void It_closes_above_one_per_cent_of_fifty_requests_and_opens_again()
    {
        var guard = new DeviceGuard();
        guard.Observe(Reply(1.4), device: 1);
        Assert.False(guard.IsClosed);
        guard.Observe(Reply(1.2), device: 1);
        Assert.True(guard.IsClosed);
        for (var i = 0; i < 10; i++) guard.Observe(new() { Decision = Decision, HeadSeconds = 3 }, device: 1);
        Assert.False(guard.IsClosed);
    }

    [Fact]
    public void Gains_are_set_off_against_losses()
    {
        var guard = new DeviceGuard();
        for (var i = 0; i < 5; i++) guard.Observe(Reply(0.5), device: 1);
        guard.Observe(Reply(3), device: 1);
        Assert.False(guard.IsClosed);
    }

    [Fact]
    public void A_lost_race_costs_its_overhead_and_the_late_reply_nothing_more()
    {
        var guard = new DeviceGuard();
        for (var i = 0; i < 20; i++)
        {
            guard.Observe(new() { Decision = Decision, Server = ServerOutcome.Pending, DeviceSeconds = 1.02 }, device: 1);
            guard.Observe(Reply(100) with { Kind = OutcomeKind.LateReply }, device: 1);
        }

        Assert.False(guard.IsClosed);
        for (var i = 0; i < 20; i++) guard.Observe(new() { Decision = Decision, Server = ServerOutcome.Pending, DeviceSeconds = 1.02 }, device: 1);
        Assert.True(guard.IsClosed);
    }

    [Fact]
    public void A_failure_costs_what_was_waited_for_it()
    {
        var guard = new DeviceGuard();
        guard.Observe(Reply(0.6) with { Server = ServerOutcome.Failed }, device: 1);
        Assert.True(guard.IsClosed);
    }

    private static Decision Decision { get; } = new() { Arm = new(0, 0, 0, 0, 0, 0) };

    private static Outcome Reply(double seconds) => new() { Decision = Decision, Server = ServerOutcome.Replied, OffloadSeconds = seconds };
}
