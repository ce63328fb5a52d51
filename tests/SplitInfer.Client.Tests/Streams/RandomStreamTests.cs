using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Client.Streams;
using SplitInfer.Client.Tests.Attempts;
using SplitInfer.Policies.Streams;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Streams;

/// <summary>What holds for streams whatever happens, in whichever order.</summary>
public class RandomStreamTests
{
    private static readonly Fault[] Faults = [Fault.ServerFailed, Fault.Busy, Fault.PartitionUnavailable, Fault.ConnectionLost, Fault.ProtocolBroken];

    [Fact]
    public void Every_frame_has_one_result_that_is_right_and_nothing_is_left_behind() =>
        Check.One(
            Config.QuickThrowOnFailure.WithReplay(21, 1).WithMaxTest(150),
            Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
            {
                Task.Run(() => PlayAsync(new Random(seed))).GetAwaiter().GetResult();
                return true;
            }));

    [Fact]
    public void No_more_frames_are_in_flight_or_held_than_may_be_at_every_order_of_events() =>
        Check.One(
            Config.QuickThrowOnFailure.WithReplay(22, 1).WithMaxTest(2_000),
            Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
            {
                Order(new Random(seed));
                return true;
            }));

    private static async Task PlayAsync(Random random)
    {
        var frames = random.Next(1, 12);
        var (whenBehind, leavesAfter) = ((WhenBehind)random.Next(3), random.Next(3) == 0 ? random.Next(1, frames + 1) : int.MaxValue);
        var options = new StreamOptions { WhenBehind = whenBehind, Ordered = random.Next(4) > 0, MaxInFlight = random.Next(1, 5), MaxLatency = random.Next(3) == 0 ? Ms(random.Next(5, 80)) : null };
        var stage = await StageUnderTest.StartAsync(canPing: random.Next(2) == 0, loaded: random.Next(3) > 0 ? null : [Segment.Head, Segment.Whole]);
        for (var act = 0; act < frames; act++) stage.Server.Then(new(Ms(random.Next(1, 40)), random.Next(4) == 0 ? Faults[random.Next(Faults.Length)] : Fault.None, Ms(random.Next(3)), random.Next(4) == 0));
        stage.Server.Act = new(Ms(1));
        stage.Server.Sending = random.Next(2) == 0 ? Ms(random.Next(1, 15)) : null;
        foreach (var segment in Enum.GetValues<Segment>()) stage.Device[segment] = new(Ms(random.Next(1, 30)), Fails: segment == Segment.Whole && random.Next(6) == 0, Ms(random.Next(3)), random.Next(4) == 0);
        Choice[] choices = [.. Enumerable.Range(0, frames).Select(_ => new Choice(random.Next(4) switch { 0 => Cut.AllOnDevice, 1 => Cut.AllOnServer, _ => Cut.Split }))];
        var cancelledAt = random.Next(5) == 0 ? Ms(random.Next(120)) : (TimeSpan?)null;
        int[] batches = [.. Batches(random, frames)];

        var stream = await StreamStage.StartAsync(frame => choices[frame], options, stage, leavesAfter);
        stream.Routes.Window = random.Next(1, 5);
        foreach (var batch in batches)
        {
            stream.Feed(batch);
            var until = stage.Time.Now + Ms(random.Next(40));
            await stage.PassUntilAsync(() => stream.Consumed.IsCompleted || stage.Time.NextDue is not { } due || due > until);
            stage.Time.AdvanceTo(until);
            if (cancelledAt <= until) stream.Cancel();
        }

        var error = random.Next(4) == 0 ? new IOException("The source ends here.") : null;
        stream.End(error);
        await stage.PassUntilAsync(() => stream.Consumed.IsCompleted);
        await stream.Consumed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var yielded = stream.Yielded;
        if (!stream.Consumed.IsCompletedSuccessfully) Assert.True(stream.Consumed.IsCanceled || stream.Consumed.Exception?.InnerException is OperationCanceledException || (error is not null && stream.Consumed.Exception?.InnerException == error), $"{stream.Consumed.Exception}");
        else Assert.Equal(error is null || leavesAfter <= frames ? Math.Min(frames, leavesAfter) : -1, yielded.Count);

        Assert.Equal(yielded.Count, yielded.Select(static frame => frame.Frame).Distinct().Count());
        if (options.Ordered) Assert.Equal(Enumerable.Range(0, yielded.Count).Select(static frame => (long)frame), yielded.Select(static frame => frame.Frame));
        foreach (var frame in yielded)
        {
            Assert.InRange(frame.InFlight, frame.Outcome == StreamFate.Dropped ? 0 : 1, Math.Min(options.MaxInFlight!.Value, stream.Routes.Window));
            if (frame.Outputs is { } outputs) Assert.Equal(ThreeStages.Output((int)frame.Frame), outputs);
            else Assert.NotEqual(StreamFate.Completed, frame.Outcome);
            Assert.Equal(frame.Outcome == StreamFate.Failed, frame.Failure is not null);
            if (frame.Outcome == StreamFate.Dropped) Assert.NotEqual(WhenBehind.Wait, whenBehind);
        }

        Assert.Equal(stream.Routes.Chosen, stream.Routes.Observed.Count);
        Assert.Equal(stream.Routes.Chosen, stream.Routes.Observed.Select(static times => times.Decision.Sequence).Distinct().Count());
        Assert.True(stage is { Server.Running: 0, Device.Running: 0 }, "Something still runs.");
        var disposal = stage.DisposeAsync().AsTask();
        await stage.PassUntilAsync(() => disposal.IsCompleted);
        await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        // The frames that were not yielded are the test's.
        Assert.Equal(frames - yielded.Count, stage.Tensors.Held);
    }

    private static IEnumerable<int> Batches(Random random, int frames)
    {
        for (var left = frames; left > 0;)
        {
            var batch = random.Next(1, left + 1);
            left -= batch;
            yield return batch;
        }
    }

    private static void Order(Random random)
    {
        var (whenBehind, isOrdered, size, total) = ((WhenBehind)random.Next(3), random.Next(2) == 0, random.Next(1, 6), random.Next(1, 40));
        var window = new FrameWindow(whenBehind, isOrdered, () => size);
        var (arrived, inFlight, held, yielded, dropped) = (0, new List<StreamFrame>(), 0, new List<long>(), 0);
        while (yielded.Count < total)
        {
            switch (random.Next(5))
            {
                case 0 when arrived < total && window.MayPull:
                    if (window.Arrive(new(arrived++, default, 0)) is { } left)
                    {
                        dropped++;
                        // The oldest that waits goes, or the one that came; never one that has begun.
                        Assert.DoesNotContain(left, inFlight);
                        Assert.True(whenBehind == WhenBehind.DropNewest ? left.Number == arrived - 1 : left.Number < arrived - 1);
                        window.Drop(left.Result(StreamFate.Dropped, 0));
                    }

                    break;
                case 1 or 2 when window.TryStart(out var frame):
                    Assert.True(inFlight.TrueForAll(other => other.Number < frame.Number), "Frames begin in their order.");
                    inFlight.Add(frame);
                    Assert.True(inFlight.Count <= size && inFlight.Count + held <= FrameWindow.MaxWindows * size);
                    break;
                case 3 when inFlight.Count > 0:
                    var ended = inFlight[random.Next(inFlight.Count)];
                    inFlight.Remove(ended);
                    held++;
                    window.End(ended.Result(StreamFate.Completed, 0));
                    break;
                case 4 when window.TryTake(out var result):
                    if (result.Outcome != StreamFate.Dropped) held--;
                    yielded.Add(result.Frame);
                    if (isOrdered) Assert.Equal(yielded.Count - 1, result.Frame);
                    break;
                default:
                    break;
            }

            Assert.Equal(inFlight.Count, window.InFlight);
            if (arrived == total) window.HasEnded = true;
        }

        Assert.True(window.IsOver);
        Assert.Equal(total, yielded.Distinct().Count());
        if (whenBehind == WhenBehind.Wait) Assert.Equal(0, dropped);
    }
}
