using SplitInfer.Client.Streams;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Policies.Streams;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>How fast the source is asked for frames, and which are left out.</summary>
public class BackPressureTests
{
    [Fact]
    public async Task The_source_is_asked_for_no_more_than_can_begin()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.Plain, new() { MaxInFlight = 2 });
        stream.Feed(10);
        await UntilAsync(() => stream.Routes.Chosen == 2);
        await TurnsAsync(20);
        Assert.Equal((2, 2), (stream.Pulled, stream.Routes.Chosen));
    }

    [Fact]
    public async Task Who_takes_no_results_holds_the_stream_up()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.OnDevice, new() { MaxInFlight = 3 }, isSlow: true);
        stream.Feed(20);
        await stream.Stage.PassUntilAsync(() => stream.Routes.Observed.Count == 6);
        await TurnsAsync(20);
        Assert.Equal((6, 6), (stream.Pulled, stream.Routes.Chosen));
        stream.Take(2);
        await stream.Stage.PassUntilAsync(() => stream.Routes.Observed.Count == 8);
        Assert.Equal(8, stream.Pulled);
    }

    [Theory]
    [InlineData(WhenBehind.DropOldest, new long[] { 0, 1, 5 }, new long[] { 2, 3, 4 })]
    [InlineData(WhenBehind.DropNewest, new long[] { 0, 1, 2 }, new long[] { 3, 4, 5 })]
    public async Task One_frame_waits_for_a_place_and_others_are_dropped_in_their_order(WhenBehind whenBehind, long[] inferred, long[] dropped)
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.OnDevice, new() { MaxInFlight = 2, WhenBehind = whenBehind });
        stream.Feed(6);
        stream.End();
        await UntilAsync(() => stream.Pulled == 6 && stream.Routes.Chosen == 2);
        await stream.Stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        await stream.Consumed;

        Assert.Equal(Enumerable.Range(0, 6).Select(static frame => (long)frame), stream.Yielded.Select(static frame => frame.Frame));
        Assert.Equal(inferred, stream.Yielded.Where(static frame => frame.Outcome == StreamFate.Completed).Select(static frame => frame.Frame));
        Assert.Equal(dropped, stream.Yielded.Where(static frame => frame.Outcome == StreamFate.Dropped).Select(static frame => frame.Frame));
        Assert.Equal(3, stream.Routes.Observed.Count);
    }

    [Fact]
    public async Task A_frame_that_took_too_long_is_late_and_one_that_waited_too_long_does_not_begin()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.OnDevice, new() { MaxInFlight = 1, WhenBehind = WhenBehind.DropOldest, MaxLatency = Ms(29) });
        stream.Feed(2);
        stream.End();
        await UntilAsync(() => stream.Pulled == 2 && stream.Routes.Chosen == 1);
        await stream.Stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        await stream.Consumed;

        Assert.Equal([StreamFate.Late, StreamFate.Late], stream.Yielded.Select(static frame => frame.Outcome));
        Assert.Equal(ThreeStages.Output(0), stream.Yielded[0].Outputs);
        Assert.Null(stream.Yielded[1].Outputs);
        Assert.Equal(StreamFate.Late, Assert.Single(stream.Routes.Observed).Fate);
    }

    [Fact]
    public async Task Results_that_need_no_order_come_when_they_are_there()
    {
        await using var stream = await StreamStage.StartAsync(static frame => frame == 0 ? Choice.OnDevice : new(Cut.AllOnServer), new() { Ordered = false });
        stream.Stage.Server.Act = new(Ms(5));
        stream.Feed(2);
        stream.End();
        await UntilAsync(() => stream.Routes.Chosen == 2 && stream.Stage is { Server.Running: 1, Device.Running: 1 });
        stream.Stage.Time.Advance(Ms(5));
        await UntilAsync(() => stream.Yielded.Count == 1);
        stream.Stage.Time.Advance(Ms(25));
        await stream.Consumed.WaitAsync(FailureLimit);
        Assert.Equal([1, 0], stream.Yielded.Select(static frame => frame.Frame));
    }
}
