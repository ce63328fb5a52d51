using System.Runtime.ExceptionServices;
using SplitInfer.Policies.Streams;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Streams;

/// <summary>
/// One enumeration of a stream: one loop takes frames from the source, another begins them in their order, and the caller takes results. Disposal stops what is in
/// flight, waits for it, and releases what was not taken. For one reader.
/// </summary>
internal sealed class StreamRun : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly IFrameRunner _runner;
    private readonly IFrameRoutes _routes;
    private readonly StreamClock _clock;
    private readonly double _maxLatency;
    private readonly FrameWindow _window;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _stop;
    private TaskCompletionSource _changed = NewChange();
    private Task _pulling = Task.CompletedTask;
    private Task _starting = Task.CompletedTask;
    private ExceptionDispatchInfo? _failure;

    /// <param name="runner">Infers single frames.</param>
    /// <param name="routes">Chooses their routes; taken over.</param>
    /// <param name="options">How.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">Ends the enumeration.</param>
    public StreamRun(IFrameRunner runner, IFrameRoutes routes, StreamOptions options, TimeProvider time, CancellationToken caller)
    {
        (_runner, _routes, _clock, _caller) = (runner, routes, new(time), caller);
        _maxLatency = options.MaxLatency?.TotalSeconds ?? double.PositiveInfinity;
        var most = options.MaxInFlight ?? int.MaxValue;
        _window = new(options.WhenBehind, options.Ordered, () => Math.Max(1, Math.Min(Math.Min(most, routes.Window), runner.MaxInFlight ?? int.MaxValue)));
        _stop = CancellationTokenSource.CreateLinkedTokenSource(caller);
    }

    /// <summary>Begins to take frames.</summary>
    public void Begin(IAsyncEnumerable<ReadOnlyMemory<TensorValue>> frames) => (_pulling, _starting) = (Task.Run(() => PullAsync(frames)), Task.Run(StartAllAsync));

    /// <summary>The next result, which the caller owns; null behind the last.</summary>
    public async ValueTask<StreamResult?> NextAsync()
    {
        while (true)
        {
            _caller.ThrowIfCancellationRequested();
            Task changed;
            lock (_gate)
            {
                if (_window.TryTake(out var result))
                {
                    Change();
                    return result;
                }

                if (_window.IsOver) break;
                changed = _changed.Task;
            }

            await changed.WaitAsync(_caller).ConfigureAwait(false);
        }

        _failure?.Throw();
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _pulling.ConfigureAwait(false);
        await _starting.ConfigureAwait(false);
        await UntilAsync(static window => window.InFlight == 0, CancellationToken.None).ConfigureAwait(false);
        while (_window.TryTakeAny(out var result)) result.Dispose();
        _routes.Dispose();
        _stop.Dispose();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task PullAsync(IAsyncEnumerable<ReadOnlyMemory<TensorValue>> frames)
    {
        try
        {
            var source = frames.GetAsyncEnumerator(_stop.Token);
            await using (source.ConfigureAwait(false))
            {
                for (var number = 0L; ; number++)
                {
                    await UntilAsync(static window => window.MayPull, _stop.Token).ConfigureAwait(false);
                    if (Volatile.Read(ref _failure) is not null || !await source.MoveNextAsync().ConfigureAwait(false)) break;
                    Arrive(new(number, source.Current, _clock.Now));
                }
            }
        }
#pragma warning disable CA1031 // Whatever the source fails with is the caller's, behind the frames before it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            if (!_stop.IsCancellationRequested) EndWith(failure);
        }

        lock (_gate)
        {
            _window.HasEnded = true;
            Change();
        }
    }

    private void Arrive(StreamFrame frame)
    {
        lock (_gate)
        {
            if (_window.Arrive(frame) is { } dropped) _window.Drop(dropped.Result(StreamFate.Dropped, _clock.Now));
            Change();
        }
    }

    private async Task StartAllAsync()
    {
        try
        {
            while (true)
            {
                StreamFrame? frame = null;
                await UntilAsync(window => window.TryStart(out frame) || window.IsDrained, _stop.Token).ConfigureAwait(false);
                if (frame is null) return;
                // Its first part runs here, so that frames come to the device in their order.
                _ = RunAsync(frame);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody asks for more.
        }
    }

    private async Task RunAsync(StreamFrame frame)
    {
        var isChosen = false;
        InferenceResult? result = null;
        Exception? failure = null;
        try
        {
            var now = _clock.Now;
            if (now - frame.ArrivedAt <= _maxLatency)
            {
                var route = _routes.Next(now);
                isChosen = true;
                frame.Bound = _routes.BoundFramesPerSecond;
                frame.Times = new() { Decision = route.Planned, QueuedAt = now, DeviceBegan = now, DeviceEnded = now, SendBegan = double.NaN, RepliedAt = double.NaN, Fate = StreamFate.Failed };
                result = await _runner.RunAsync(frame, route, _clock, _stop.Token).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whatever a frame fails with is its outcome.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = error;
            // Every other frame would end like this one.
            if (error is ObjectDisposedException && !_stop.IsCancellationRequested)
            {
                EndWith(error);
                lock (_gate) _window.HasEnded = true;
            }
        }

        End(frame, isChosen, result, failure);
    }

    private void End(StreamFrame frame, bool isChosen, InferenceResult? result, Exception? failure)
    {
        lock (_gate)
        {
            var now = _clock.Now;
            var isGivenUp = failure is not null && _stop.IsCancellationRequested;
            var fate = failure is not null ? StreamFate.Failed : result is null || now - frame.ArrivedAt > _maxLatency ? StreamFate.Late : StreamFate.Completed;
            if (isChosen) Observe(frame.Times with { Fate = isGivenUp ? StreamFate.Dropped : frame.Times.Fate == StreamFate.Completed ? fate : StreamFate.Failed });
            if (isGivenUp) _window.Abandon();
            else _window.End(frame.Result(fate, now, result, failure));
            Change();
        }
    }

    private void Observe(in StageTimes times)
    {
        try
        {
            _routes.Observe(times);
        }
#pragma warning disable CA1031 // Whoever waits for the frame would wait for ever.
        catch (Exception error)
#pragma warning restore CA1031
        {
            EndWith(error);
            _window.HasEnded = true;
        }
    }

    private void EndWith(Exception failure) => Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);

    private async ValueTask UntilAsync(Func<FrameWindow, bool> condition, CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            Task changed;
            lock (_gate)
            {
                if (condition(_window)) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>Wakes all who wait for a change. Under the gate.</summary>
    private void Change()
    {
        var changed = _changed;
        _changed = NewChange();
        changed.SetResult();
    }
}
