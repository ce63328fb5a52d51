using FsCheck;
using FsCheck.Fluent;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>What holds whatever happens, in whichever order.</summary>
public class RandomScriptTests
{
    [Fact]
    public void Calls_end_right_or_with_a_typed_error_are_observed_once_and_leave_nothing_behind() =>
        Check.One(
            Config.QuickThrowOnFailure.WithReplay(13, 1).WithMaxTest(400),
            Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
            {
                Task.Run(() => PlayAsync(new(new Random(seed)))).GetAwaiter().GetResult();
                return true;
            }));

    private static async Task PlayAsync(RandomScript script)
    {
        var stage = await StageUnderTest.StartAsync(script.CanPing, script.IsTailLoaded ? null : [Segment.Head, Segment.Whole], probeInterval: Ms(50));
        foreach (var act in script.Server) stage.Server.Then(act);
        stage.Server.Ping = script.Ping;
        foreach (var (segment, act) in script.Device) stage.Device[segment] = act;

        var calls = new Task<Answer>?[script.Requests.Count];
        var numbers = new Dictionary<int, int>();
        using var stops = new Stops(calls.Length);
        Task? disposal = null;
        var events = new PriorityQueue<Action, TimeSpan>();
        for (var i = 0; i < calls.Length; i++)
        {
            var (place, request) = (i, script.Requests[i]);
            events.Enqueue(() => Begin(place, request), request.At);
            if (request.CancelledAt is { } moment) events.Enqueue(stops[place].Cancel, moment);
        }

        if (script.DisposedAt is { } end) events.Enqueue(() => disposal = stage.DisposeAsync().AsTask(), end);
        while (events.TryDequeue(out var happens, out var at))
        {
            await stage.PassUntilAsync(() => stage.Time.Now >= at || stage.Time.NextDue is not { } due || due > at);
            stage.Time.AdvanceTo(at);
            happens();
        }

        await stage.PassUntilAsync(() => calls.All(static call => call!.IsCompleted));
        if (disposal is null && script.WaitsForLateReplies) await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        disposal ??= stage.DisposeAsync().AsTask();
        await stage.PassUntilAsync(() => disposal.IsCompleted);
        await disposal;
        await stage.PassUntilAsync(() => stage.LeftRunning == 0);

        for (var i = 0; i < calls.Length; i++)
        {
            if (numbers.TryGetValue(i, out var number)) await AssertEndAsync(stage, script, script.Requests[i], number, calls[i]!, stops[i].IsCancellationRequested);
        }

        Assert.True(stage is { Server: { Running: 0, Pinging: 0 }, Device.Running: 0 }, "Something still runs.");
        Assert.True(stage.IsAllReleased, "Something is still held.");
        // A timer is put away a moment after what it was set for has ended.
        await UntilAsync(() => stage.Time.NextDue is null);

        void Begin(int place, RandomRequest request)
        {
            numbers[place] = numbers.Count;
            calls[place] = stage.InferAsync(request.Choice, stop: stops[place].Token);
        }
    }

    private static async Task AssertEndAsync(StageUnderTest stage, RandomScript script, RandomRequest request, int number, Task<Answer> call, bool isCancelled)
    {
        var observed = stage.Observed.Where(told => told.Request == number).ToList();
        var asksServer = request.Choice.Cut != Cut.AllOnDevice;
        var mayBeRaced = asksServer && !request.Choice.IsNamed && (request.Choice.IsRaced || request.Choice.LateAfterSeconds > 0);
        Assert.InRange(observed.Count, 0, request.Choice.IsNamed ? 0 : mayBeRaced ? 2 : 1);
        if (request.Choice.Cut == Cut.Split) Assert.InRange(observed.Count(static told => !told.IsLate), 0, 1);
        try
        {
            var answer = await call;
            Assert.Equal(ThreeStages.Output(number), answer.Outputs);
            if (!request.Choice.IsNamed) Assert.NotEmpty(observed);
            if (observed.Count == 2) Assert.Equal((Source.Device, true), (answer.Source, answer.IsRaced));
        }
        catch (OperationCanceledException)
        {
            Assert.True(isCancelled, "Nobody has cancelled it.");
            Assert.Empty(observed);
        }
        catch (ObjectDisposedException)
        {
            Assert.NotNull(script.DisposedAt);
        }
        catch (Exception error) when (error is SplitInferException or TimeoutException)
        {
            Assert.Contains(StageUnderTest.FaultOf(error), (Fault[])[.. script.Server.Select(static act => act.Fault), Fault.DeviceFailed, Fault.TimedOut, script.DisposedAt is null ? Fault.None : Fault.ConnectionLost]);
            if (!request.Choice.IsNamed && !isCancelled) Assert.Single(observed);
        }
    }

    private sealed class Stops(int count) : IDisposable
    {
        private readonly CancellationTokenSource[] _all = [.. Enumerable.Range(0, count).Select(static _ => new CancellationTokenSource())];

        public CancellationTokenSource this[int place] => _all[place];

        public void Dispose()
        {
            foreach (var one in _all) one.Dispose();
        }
    }
}
