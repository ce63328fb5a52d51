using SplitInfer.Client.Streams;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Policies.Streams;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>How streams end before their source does.</summary>
public class EndTests
{
    [Fact]
    public async Task An_error_of_the_source_comes_behind_the_frames_before_it()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.OnDevice);
        stream.Feed(2);
        stream.End(new IOException("The camera is gone."));
        await stream.Stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        var error = await Assert.ThrowsAsync<IOException>(() => stream.Consumed);
        Assert.Equal("The camera is gone.", error.Message);
        Assert.Equal([StreamFate.Completed, StreamFate.Completed], stream.Yielded.Select(static frame => frame.Outcome));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Leaving_the_loop_or_cancelling_stops_what_is_in_flight_and_leaves_nothing_behind(bool isCancelled)
    {
        await using var stream = await StreamStage.StartAsync(static frame => frame == 0 ? Choice.OnDevice : Choice.Plain, take: isCancelled ? 2 : 1);
        var stage = stream.Stage;
        stream.Feed(4);
        await UntilAsync(() => stream.Routes.Chosen == 4 && stage.Device.Running == 1);
        stage.Time.Advance(Ms(30));
        await UntilAsync(() => stream.Yielded.Count == 1);
        if (isCancelled)
        {
            await UntilAsync(() => stage.Device.Running == 1);
            stream.Cancel();
        }

        await stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        if (isCancelled) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.Consumed);
        else await stream.Consumed;

        Assert.True(stage is { Server.Running: 0, Device.Running: 0 }, "Something still runs.");
        Assert.True(stream.Routes.IsDisposed);
        Assert.Equal(stream.Routes.Chosen, stream.Routes.Observed.Count);
        Assert.Equal(stream.Routes.Chosen - 1, stream.Routes.Observed.Count(static times => times.Fate == StreamFate.Dropped));
        // Only the frames themselves, which are the test's.
        Assert.Equal(3, stage.Tensors.Held);
    }

    [Fact]
    public async Task A_client_that_is_disposed_ends_the_stream()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.OnDevice);
        await stream.Stage.DisposeAsync();
        stream.Feed(1);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.Consumed.WaitAsync(FailureLimit));
        Assert.Equal(StreamFate.Failed, Assert.Single(stream.Yielded).Outcome);
    }

    [Fact]
    public void Options_that_make_no_sense_are_named()
    {
        foreach (var (options, name) in new (StreamOptions, string)[]
        {
            (new() { MaxLatency = TimeSpan.Zero }, nameof(StreamOptions.MaxLatency)), (new() { MaxInFlight = 0 }, nameof(StreamOptions.MaxInFlight)),
            (new() { FramesPerSecond = 0 }, nameof(StreamOptions.FramesPerSecond)), (new() { Partition = -1 }, nameof(StreamOptions.Partition)),
            (new() { WhenBehind = (WhenBehind)9 }, nameof(StreamOptions.WhenBehind)),
        })
            Assert.Contains(name, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }
}
