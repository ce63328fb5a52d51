using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Tests.Transport;

/// <summary>What a client tells a server of its requests.</summary>
public class ReportTests
{
    private static readonly FinishedAttempt Attempt = new()
    {
        Partition = 3, Codec = "RunLength", Variant = 1, IsForced = true, IsRaced = true, IsDevice = true, Decide = Ms(1), Head = Ms(2), Encode = Ms(3), Send = Ms(4), AtServer = Ms(5), Reply = Ms(6),
        Tail = Ms(7), Total = Ms(28), PredictedSeconds = 0.03,
    };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void All_that_is_new_is_told_once()
    {
        var buffer = new ReportBuffer(static () => (0.02, 8e6), _time);
        ClientReport? message = null;
        Assert.Null(Take(buffer, isAgreed: true, ["Raw", "RunLength"], ref message));
        buffer.Add(Attempt with { IsForced = false, IsRaced = false, IsDevice = false });
        buffer.Add(Attempt);
        buffer.AddOnDevice(Ms(40));
        buffer.AddOnDevice(Ms(60));
        Assert.Equal(new ClientReport
        {
            RoundTripUs = 20_000, BitsPerSecond = 8_000_000, Finished = 2, Forced = 1, Raced = 1, WonByDevice = 1, OnDevice = 2, OnDeviceUs = 100_000,
            Last = new()
            {
                Partition = 3, Codec = 2, Variant = 1, IsForced = true, IsRaced = true, IsDevice = true, DecideUs = 1000, HeadUs = 2000, EncodeUs = 3000, SendUs = 4000, ServerUs = 5000,
                ReplyUs = 6000, TailUs = 7000, TotalUs = 28_000, PredictedUs = 30_000,
            },
        }, Take(buffer, isAgreed: true, ["Raw", "RunLength"], ref message));
        Assert.Null(Take(buffer, isAgreed: true, ["Raw", "RunLength"], ref message));

        buffer.AddOnDevice(Ms(1));
        Assert.Null(Take(buffer, isAgreed: true, ["Raw"], ref message)!.Last);
    }

    [Fact]
    public void A_report_is_small_however_large_its_numbers_are()
    {
        var buffer = new ReportBuffer(static () => (1e8, 1e14), _time);
        var day = TimeSpan.FromDays(1);
        for (var request = 0; request < 100_000; request++) buffer.Add(Attempt with { Decide = day, Head = day, Encode = day, Send = day, AtServer = day, Reply = day, Tail = day, Total = day, PredictedSeconds = 4000 });
        buffer.AddOnDevice(day);
        ClientReport? message = null;
        Assert.InRange(Take(buffer, isAgreed: true, ["RunLength"], ref message)!.CalculateSize(), 1, 200);
    }

    [Fact]
    public void To_tell_allocates_nothing()
    {
        var buffer = new ReportBuffer(static () => (0.02, 8e6), TimeProvider.System);
        ClientReport? message = null;
        ImmutableArray<string> codecs = ["Raw", "RunLength"];
        Tell();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var request = 0; request < 100; request++) Tell();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Tell()
        {
            buffer.Add(Attempt);
            Take(buffer, isAgreed: true, codecs, ref message);
        }
    }

    [Theory]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(-1, -1)]
    [InlineData(double.PositiveInfinity, 1e300)]
    public void What_the_policy_does_not_know_is_not_told(double roundTrip, double bits)
    {
        var buffer = new ReportBuffer(() => (roundTrip, bits), _time);
        buffer.Add(Attempt with { PredictedSeconds = double.NaN, Codec = "other" });
        ClientReport? message = null;
        var report = Take(buffer, isAgreed: true, ["Raw"], ref message)!;
        Assert.Equal((0ul, 0ul, 0u, 0u), (report.RoundTripUs, report.BitsPerSecond, report.Last.PredictedUs, report.Last.Codec));
    }

    [Fact]
    public void A_policy_that_fails_fails_no_request_and_is_not_asked_for_each()
    {
        var asked = 0;
        var buffer = new ReportBuffer(() => ++asked == 1 ? throw new InvalidOperationException() : (0.5, 1e6), _time);
        ClientReport? message = null;
        buffer.Add(Attempt);
        Assert.Equal(0ul, Take(buffer, isAgreed: true, ["Raw"], ref message)!.RoundTripUs);
        buffer.Add(Attempt);
        Take(buffer, isAgreed: true, ["Raw"], ref message);
        Assert.Equal(1, asked);
        _time.Advance(Ms(200));
        buffer.Add(Attempt);
        Assert.Equal(500_000ul, Take(buffer, isAgreed: true, ["Raw"], ref message)!.RoundTripUs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_carries_a_report_where_the_server_agrees(bool isAgreed)
    {
        var buffer = new ReportBuffer(static () => (0.02, 8e6), _time);
        await using var server = new ScriptedServer(reports: buffer);
        var sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        var peer = await server.AcceptAsync();
        Assert.Equal(Capabilities.Known, (await peer.ReceiveAsync(FrameType.Hello)).Read(Hello.Parser).Capabilities);
        var welcome = ScriptedServer.Welcome();
        if (isAgreed) welcome.Capabilities.Add(Capabilities.Reports);
        await peer.SendAsync(FrameType.Welcome, 0, welcome);
        await ScriptedServer.OpenAsync(peer);
        Assert.Null((await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser).Report);
        await peer.SendAsync(ScriptedServer.Response(1));
        ScriptedServer.AssertOutputs(await sending);
        Assert.Equal(isAgreed, buffer.IsWanted);

        buffer.Add(Attempt);
        sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Equal(isAgreed ? 1u : null, (await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser).Report?.Finished);
        await peer.SendAsync(ScriptedServer.Response(2));
        ScriptedServer.AssertOutputs(await sending);
        sending = server.Transport.SendAsync(ScriptedServer.Request()).AsTask();
        Assert.Null((await peer.ReceiveAsync(FrameType.Request)).Read(RequestHeader.Parser).Report);
        await peer.SendAsync(ScriptedServer.Response(3));
        ScriptedServer.AssertOutputs(await sending);
    }

    [Fact]
    public void More_than_one_report_may_tell_is_told_by_several_and_nothing_is_lost()
    {
        const int requests = 2_500_000;
        var buffer = new ReportBuffer(static () => (0.02, 8e6), _time);
        for (var request = 0; request < requests; request++) buffer.AddOnDevice(Ms(1));
        buffer.Add(Attempt);
        ClientReport? message = null;
        var (told, time, finished) = (0ul, 0ul, 0u);
        while (Take(buffer, isAgreed: true, ["Raw"], ref message) is { } report)
        {
            Assert.True(report.OnDevice <= ReportLimits.MaxRequests);
            (told, time, finished) = (told + report.OnDevice, time + report.OnDeviceUs, finished + report.Finished);
        }

        Assert.Equal((requests, 1u), ((int)told, finished));
        Assert.InRange(time, requests * 1000ul - 10, requests * 1000ul);
    }

    private static ClientReport? Take(ReportBuffer buffer, bool isAgreed, ImmutableArray<string> codecs, ref ClientReport? message)
    {
        buffer.UpdateEstimate();
        return buffer.Take(isAgreed, codecs, ref message);
    }

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
