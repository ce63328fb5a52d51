namespace SplitInfer.IntegrationTests.Faults;

/// <summary>Clocks that leap: the wall clock, which nothing may be measured by, and the one that counts, as after a machine was suspended.</summary>
public class ClockFaultTests(SharedDeployment shared) : IClassFixture<SharedDeployment>
{
    [Theory]
    [InlineData(3650)]
    [InlineData(-3650)]
    [InlineData(0.04)]
    [InlineData(-0.04)]
    public async Task A_wall_clock_that_leaps_changes_nothing(double days)
    {
        var time = new LeapingTime();
        // Nothing but a clock is to make a call fail, so with the timeouts that clients have unless told otherwise.
        await using var world = await FaultWorld.StartAsync(shared.Deployment, configure: client => (client.TimeProvider, client.Transport) = (time, new()));
        var calls = world.InferAsync(calls: 10);
        for (var leap = 0; leap < 5; leap++)
        {
            time.LeapOnTheWall(TimeSpan.FromDays(days));
            await Task.Delay(20);
        }

        await calls;
        // No call has failed on the way, so the servers are in use and nobody waits for anything.
        Assert.False(world.IsFailureKnown);
        await world.ReturnAsync();
    }

    [Theory]
    [InlineData(5)]
    [InlineData(3600)]
    [InlineData(86400 * 30)]
    public async Task A_machine_that_was_suspended_goes_on(double seconds)
    {
        var time = new LeapingTime();
        await using var world = await FaultWorld.StartAsync(shared.Deployment, configure: client => client.TimeProvider = time);
        for (var leap = 0; leap < 3; leap++)
        {
            time.Leap(TimeSpan.FromSeconds(seconds));
            await world.InferAsync();
            await world.ReturnAsync();
        }
    }

    [Fact]
    public async Task A_machine_that_is_suspended_in_the_middle_of_a_request_goes_on()
    {
        var time = new LeapingTime();
        // With a deadline, that has then passed.
        await using var world = await FaultWorld.StartAsync(shared.Deployment, modes: ClientMode.All.Where(static mode => !mode.HasDeadline), configure: client => client.TimeProvider = time);
        var calls = world.InferAsync(calls: 10);
        for (var leap = 0; leap < 5; leap++)
        {
            time.Leap(TimeSpan.FromHours(1));
            await Task.Delay(20);
        }

        await calls;
        await world.ReturnAsync();
    }

    /// <summary>The system's clock, from which each of its two sides may differ.</summary>
    private sealed class LeapingTime : TimeProvider
    {
        private long _wall;
        private long _counted;

        public void LeapOnTheWall(TimeSpan by) => Interlocked.Add(ref _wall, by.Ticks);

        public void Leap(TimeSpan by)
        {
            LeapOnTheWall(by);
            Interlocked.Add(ref _counted, (long)(by.TotalSeconds * TimestampFrequency));
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _wall));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _counted);
    }
}
