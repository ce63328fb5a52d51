using System.Collections.Concurrent;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Offloading;

/// <summary>
/// What is left of races when their callers have their results. A reply that lost still teaches the policy what the server
/// costs, so it is waited for, but neither long nor many at a time: it takes bandwidth from requests that matter. Thread-safe.
/// </summary>
/// <param name="policy">Learns from the replies.</param>
/// <param name="watch">Is told of the server's answers.</param>
/// <param name="reportFailure">Takes what the server failed with, by the partition that was asked for.</param>
/// <param name="time">Measures how long a reply is waited for.</param>
internal sealed class LateReplies(IPartitionPolicy policy, ServerWatch watch, Action<int, Exception> reportFailure, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How many are waited for at a time.</summary>
    private const int MaxAwaited = 2;

    /// <summary>How long one is waited for, from the start of its race, in delays of the device, and at least.</summary>
    private const double Patience = 3;

    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly CancellationTokenSource _disposal = new();
    private int _awaited;

    /// <summary>Races whose end is still to come.</summary>
    public int Count => _running.Count;

    /// <summary>Has the policy learn what the server, which lost, would have cost.</summary>
    /// <param name="server">The server's side of the race.</param>
    /// <param name="decision">What the policy chose.</param>
    /// <param name="progress">How far the request has got.</param>
    /// <param name="deviceTime">What the whole model took on the device.</param>
    /// <param name="began">When the boundary began to travel.</param>
    public void Await(RaceSide server, in Decision decision, TailProgress progress, TimeSpan deviceTime, long began)
    {
        var isOneTooMany = Interlocked.Increment(ref _awaited) > MaxAwaited;
        var patience = isOneTooMany ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(LeastPatience.Ticks, (long)((Patience - 1) * deviceTime.Ticks)));
        Track(AwaitAsync(server, decision, progress, patience, began));
    }

    /// <summary>Ends the device's side of a race that the server won.</summary>
    public void Discard(RaceSide device) => Track(device.DisposeAsync().AsTask());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _disposal.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Keys).ConfigureAwait(false);
        _disposal.Dispose();
    }

    private async Task AwaitAsync(RaceSide server, Decision decision, TailProgress progress, TimeSpan patience, long began)
    {
        try
        {
            var answer = await server.Answer.WaitAsync(patience, time, _disposal.Token).ConfigureAwait(false);
            policy.Observe(decision, new() { OffloadSeconds = answer.Time.TotalSeconds, ServerSeconds = answer.Reply!.Timings.TotalSeconds, BytesSent = progress.BytesSent });
            watch.Answered();
        }
        catch (OperationCanceledException) when (_disposal.IsCancellationRequested)
        {
            // Whoever would learn from it is gone.
        }
        catch (Exception failure)
        {
            reportFailure(decision.Arm.Partition.Index, failure);
            policy.Observe(decision, new() { OffloadSeconds = time.GetElapsedTime(began).TotalSeconds - progress.EncodeSeconds, BytesSent = progress.BytesSent, IsCensored = true });
        }
        finally
        {
            await server.DisposeAsync().ConfigureAwait(false);
            Interlocked.Decrement(ref _awaited);
        }
    }

    private void Track(Task task)
    {
        if (task.IsCompleted) return;
        _running[task] = true;
        task.ContinueWith(static (ended, running) => ((ConcurrentDictionary<Task, bool>)running!).TryRemove(ended, out _), _running,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
