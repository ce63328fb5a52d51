using Microsoft.Extensions.Time.Testing;
using SplitInfer.Protocol;
using SplitInfer.Server.Connections;

namespace SplitInfer.Server.Tests.Connections;

public class ControlPaceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Few_frames_wait_for_nothing_and_many_come_at_the_rate()
    {
        var pace = new ControlPace(_time);
        for (var frame = 0; frame < 500; frame++) Assert.Equal(TimeSpan.Zero, pace.Take(1));
        var waited = TimeSpan.Zero;
        for (var frame = 0; frame < 5000; frame++)
        {
            var wait = pace.Take(1);
            waited += wait;
            _time.Advance(wait);
        }

        Assert.Equal(10, waited.TotalSeconds, 0.1);
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var frame = 0; frame < 490; frame++) Assert.Equal(TimeSpan.Zero, pace.Take(1));
    }

    [Fact]
    public void No_wait_is_long_whatever_is_taken_at_once()
    {
        var pace = new ControlPace(_time);
        for (var frame = 0; frame < 10_000; frame++) Assert.InRange(pace.Take(5), TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_flood_of_pings_is_answered_at_the_rate_and_nobody_else_waits()
    {
        await using var client = new ScriptedClient(new(), _time);
        var flooding = await client.GreetAsync(machine: "flood");
        for (ulong ping = 1; ping <= 600; ping++) await flooding.SendAsync(FrameType.Ping, ping);
        for (var pong = 0; pong < 490; pong++) await flooding.ReceiveAsync(FrameType.Pong);
        var polite = await client.GreetAsync(machine: "polite");
        await ScriptedClient.SendAsync(polite, 1);
        await polite.ReceiveAsync(FrameType.Response);

        var rest = Task.Run(async () =>
        {
            for (var pong = 490; pong < 600; pong++) await flooding.ReceiveAsync(FrameType.Pong);
        });
        while (!rest.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await rest;
    }
}
