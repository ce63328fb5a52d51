using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Streams;

namespace SplitInfer.Policies.Tests.Streams;

public class LinkMeterTests
{
    private const double RoundTrip = 0.02;

    /// <summary>The oracle is the link that the replies came over, which takes one payload at a time. Replies come in the order of their times, not of their sending.</summary>
    [Fact]
    public void Times_of_payloads_that_queue_are_those_of_the_link() => Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), static seed =>
    {
        var random = new Random(seed);
        var meter = new LinkMeter();
        var (frames, free, now) = (new List<(StageTimes Times, double Seconds)>(), 0.0, 0.0);
        for (var sequence = 1; sequence <= 30; sequence++)
        {
            now += random.NextDouble() * 0.2;
            var (seconds, server) = (0.01 + (random.NextDouble() * 0.2), random.NextDouble() * 0.5);
            free = Math.Max(now, free) + seconds;
            meter.Begin(sequence);
            frames.Add((Times(sequence, now, free + RoundTrip + server, server, seconds * 1e6), seconds));
        }

        var measured = new List<double>();
        foreach (var (times, _) in frames.OrderBy(static frame => frame.Times.RepliedAt))
        {
            meter.End(times);
            while (meter.TryNext(RoundTrip, out var transfer)) measured.Add(transfer.IsBehind ? transfer.Seconds : transfer.Seconds - RoundTrip);
        }

        Assert.Equal(frames.Select(static frame => frame.Seconds), measured, static (a, b) => Math.Abs(a - b) < 1e-9);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void After_a_reply_that_did_not_come_one_payload_says_nothing()
    {
        var meter = new LinkMeter();
        meter.Begin(1);
        meter.Begin(2);
        meter.Begin(3);
        meter.End(Times(1, 0, double.NaN, 0, 1));
        meter.End(Times(2, 0, 1, 0, 1));
        meter.End(Times(3, 0, 1.5, 0, 1));
        Assert.True(meter.TryNext(RoundTrip, out var transfer));
        Assert.True(double.IsNaN(transfer.Seconds));
        Assert.True(meter.TryNext(RoundTrip, out transfer));
        Assert.True(double.IsNaN(transfer.Seconds));
        Assert.True(meter.TryNext(RoundTrip, out transfer));
        Assert.Equal(0.5, transfer.Seconds, 9);
        Assert.Equal(0, meter.Outstanding);
    }

    private static StageTimes Times(long sequence, double sent, double replied, double server, double bits) => new()
    {
        Decision = new() { Arm = new(0, 0, 0, 0, 0, 0), Sequence = sequence },
        SendBegan = sent,
        RepliedAt = replied,
        ServerSeconds = server,
        Bits = bits,
    };
}
