using SplitInfer.Client.Streams;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>What runs at the same time in a stream, and what does not.</summary>
public class PipelineTests
{
    [Fact]
    public async Task The_head_of_the_next_frame_runs_while_the_boundary_of_the_last_one_travels()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.Plain);
        var stage = stream.Stage;
        stage.Server.Act = new(Ms(25));
        stream.Feed(3);
        stream.End();
        await UntilAsync(() => stage.Device.Started(Segment.Head) == 1);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Server.Running == 1 && stage.Device is { Running: 1 } && stage.Device.Started(Segment.Head) == 2);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Server.Running == 2 && stage.Device is { Running: 1 } && stage.Device.Started(Segment.Head) == 3);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Server.Running == 3);
        stage.Time.Advance(Ms(5));
        await UntilAsync(() => stream.Yielded.Count == 1);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stream.Yielded.Count == 2);
        stage.Time.Advance(Ms(10));
        await stream.Consumed.WaitAsync(FailureLimit);

        Assert.Equal([Ms(35), Ms(45), Ms(55)], stream.Yielded.Select(static frame => frame.Latency));
        Assert.All(stream.Yielded, static frame => Assert.Equal(ThreeStages.Output((int)frame.Frame), frame.Outputs));
        Assert.Equal([0.01, 0.01, 0.01], stream.Routes.Observed.Select(static times => Math.Round(times.DeviceEnded - times.DeviceBegan, 9)));
        Assert.Equal([0.01, 0.02, 0.03], stream.Routes.Observed.Select(static times => Math.Round(times.SendBegan, 9)));
        Assert.Equal([0.035, 0.045, 0.055], stream.Routes.Observed.Select(static times => Math.Round(times.RepliedAt, 9)));
        Assert.All(stream.Routes.Observed, static times => Assert.Equal((StreamFate.Completed, ScriptedParts.RunSeconds, ThreeStages.Size * 32.0), (times.Fate, times.ServerSeconds, times.Bits)));
    }

    [Fact]
    public async Task A_frame_for_the_server_alone_does_not_wait_for_the_device_but_for_its_turn_to_be_sent()
    {
        await using var stream = await StreamStage.StartAsync(static frame => new(frame switch { 0 => Cut.AllOnDevice, 1 => Cut.AllOnServer, 2 => Cut.Split, _ => Cut.AllOnServer }));
        var stage = stream.Stage;
        stage.Server.Act = new(Ms(5));
        stream.Feed(4);
        stream.End();
        // Frame 0 has the device and frame 2 waits for it; frame 1 is sent, and frame 3 not before frame 2.
        await UntilAsync(() => stream.Routes.Chosen == 4 && stage.Server.Running == 1 && stage.Device.Started(Segment.Whole) == 1);
        Assert.Equal(0, stage.Device.Started(Segment.Head));
        stage.Time.Advance(Ms(30));
        await UntilAsync(() => stage.Device.Started(Segment.Head) == 1 && stage.Server.Running == 0);
        Assert.Equal(1, stage.Server.Received);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Server.Running == 2);
        stage.Time.Advance(Ms(5));
        await stream.Consumed.WaitAsync(FailureLimit);

        Assert.Equal([0, 1, 2, 3], stream.Yielded.Select(static frame => frame.Frame));
        Assert.All(stream.Yielded, static frame => Assert.Equal(ThreeStages.Output((int)frame.Frame), frame.Outputs));
    }

    [Fact]
    public async Task A_frame_is_sent_when_all_of_the_one_before_has_left()
    {
        await using var stream = await StreamStage.StartAsync(static _ => new(Cut.AllOnServer));
        var stage = stream.Stage;
        (stage.Server.Sending, stage.Server.Act) = (Ms(20), new(Ms(5)));
        stream.Feed(3);
        stream.End();
        await UntilAsync(() => stream.Routes.Chosen == 3 && stage.Server.Running == 1);
        await TurnsAsync(20);
        Assert.Equal(1, stage.Server.Received);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Server.Received == 2 && stage.Time.IsSetFor(Ms(25)));
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Server.Received == 3 && stage.Time.IsSetFor(Ms(45)));
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Time.IsSetFor(Ms(65)));
        stage.Time.Advance(Ms(5));
        await stream.Consumed.WaitAsync(FailureLimit);
        Assert.Equal([Ms(25), Ms(45), Ms(65)], stream.Yielded.Select(static frame => frame.Latency));
    }

    [Fact]
    public async Task The_device_finishes_what_a_server_fails_before_it_begins_later_frames()
    {
        await using var stream = await StreamStage.StartAsync(static _ => Choice.Plain);
        var stage = stream.Stage;
        stage.Server.Then(new(Ms(5), Fault.ConnectionLost)).Act = new(Ms(1));
        stream.Feed(4);
        stream.End();
        await UntilAsync(() => stage.Device.Started(Segment.Head) == 1);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Server.Running == 1 && stage.Device.Started(Segment.Head) == 2);
        stage.Time.Advance(Ms(5));
        // The head of the second frame runs to its end, and heads of the others have yet to begin.
        await UntilAsync(() => stage.Server.Running == 0);
        stage.Time.Advance(Ms(5));
        await UntilAsync(() => stage.Device is { Running: 1 } && stage.Device.Started(Segment.Tail) == 1);
        Assert.Equal(2, stage.Device.Started(Segment.Head));
        await stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        await stream.Consumed;

        Assert.All(stream.Yielded, static frame =>
        {
            Assert.Equal(StreamFate.Completed, frame.Outcome);
            Assert.Equal(ThreeStages.Output((int)frame.Frame), frame.Outputs);
        });
        Assert.NotNull(stream.Yielded[0].ServerFailure);
        Assert.Equal(StreamFate.Failed, Assert.Single(stream.Routes.Observed, static times => times.Decision.Sequence == 1).Fate);
        Assert.Empty(stage.Observed);
    }

    [Fact]
    public async Task A_frame_that_fails_is_an_outcome_and_the_stream_goes_on()
    {
        await using var stream = await StreamStage.StartAsync(static frame => frame == 1 ? Choice.OnDevice : Choice.Plain);
        var stage = stream.Stage;
        stage.Server.Act = new(Ms(5));
        stage.Device[Segment.Whole] = new(Ms(3), Fails: true);
        stream.Feed(3);
        stream.End();
        await stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        await stream.Consumed;

        Assert.Equal([StreamFate.Completed, StreamFate.Failed, StreamFate.Completed], stream.Yielded.Select(static frame => frame.Outcome));
        Assert.Equal(Fault.DeviceFailed, StageUnderTest.FaultOf(stream.Yielded[1].Failure!));
        Assert.Equal(3, stream.Routes.Observed.Count);
    }

    [Fact]
    public async Task One_frame_at_a_time_is_an_ordinary_request_from_which_the_policy_learns()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(5));
        var outcomes = new List<(StreamFate, TimeSpan)>();
        var consumed = Task.Run(async () =>
        {
            await foreach (var frame in stage.Client.InferStreamAsync(SourceAsync(), new() { MaxInFlight = 1 }))
            {
                using (frame) outcomes.Add((frame.Outcome, frame.Latency));
                frame.Inputs.Span[0].Dispose();
            }
        });
        await stage.PassUntilAsync(() => consumed.IsCompleted);
        await consumed;

        Assert.Equal(Enumerable.Repeat((StreamFate.Completed, Ms(5)), 3), outcomes);
        Assert.Equal(3, stage.Observed.Count);

        async IAsyncEnumerable<TensorValue> SourceAsync()
        {
            await Task.CompletedTask;
            for (var frame = 0; frame < 3; frame++) yield return stage.Tensors.Make(ThreeStages.Input(frame));
        }
    }
}
