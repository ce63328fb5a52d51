using SplitInfer.Client.Device;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Receives replies that lost a race, and those of servers that were asked only to learn of them: both reveal a server's delay. Waits for at most two at a time and for a limited time,
/// so that they do not delay later requests. Thread-safe.
/// </summary>
/// <param name="sink">Is given the outcomes.</param>
/// <param name="background">Owns the waiting.</param>
/// <param name="time">The clock.</param>
internal sealed class LateReplyCollector(OutcomeSink sink, BackgroundWork background, TimeProvider time)
{
    /// <summary>How many are waited for at a time.</summary>
    private const int MaxAwaited = 2;

    private static readonly TimeSpan LeastPatience = TimeSpan.FromMilliseconds(100);

    private int _count;

    /// <summary>Number of replies still awaited.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether a further reply would not be awaited.</summary>
    public bool IsFull => Count >= MaxAwaited;

    /// <summary>Waits for a server whose reply the caller does without, publishes what it would have cost, and releases the branch.</summary>
    /// <param name="server">The server's branch, which is taken over.</param>
    /// <param name="attempt">The attempt that it belongs to.</param>
    /// <param name="patienceSeconds">How long the reply is waited for, s; never less than 0.1.</param>
    public void Collect(RaceBranch server, Attempt attempt, double patienceSeconds)
    {
        var isOneTooMany = Interlocked.Increment(ref _count) > MaxAwaited;
        var patience = isOneTooMany ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Max(LeastPatience.TotalSeconds, patienceSeconds));
        background.Start(stop => CollectAsync(server, attempt, patience, stop));
    }

    private async Task CollectAsync(RaceBranch server, Attempt attempt, TimeSpan patience, CancellationToken stop)
    {
        var outcome = new Outcome { Decision = attempt.Decision, Kind = OutcomeKind.LateReply };
        try
        {
            var result = await server.Result.WaitAsync(patience, time, stop).ConfigureAwait(false);
            sink.Publish(outcome with
            {
                Server = ServerOutcome.Replied,
                OffloadSeconds = result.OffloadSeconds,
                ServerSeconds = result.ServerTimings.TotalSeconds,
                QueueSeconds = result.ServerTimings.QueueSeconds,
                BytesSent = attempt.Progress.BytesSent,
            });
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client is being disposed: nobody would learn from the reply.
        }
#pragma warning disable CA1031 // Whatever the branch ended with, the policy learns that no reply came.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var failure = ServerFault.Is(error) ? error : null;
            if (failure is not null) attempt.ReportServerFailure(failure);
            sink.Publish(outcome with
            {
                Server = failure is null ? ServerOutcome.Abandoned : ServerFault.OutcomeOf(failure),
                OffloadSeconds = attempt.WaitedSeconds,
                BytesSent = attempt.Progress.BytesSent,
            });
        }
        finally
        {
            await server.DisposeAsync().ConfigureAwait(false);
            Interlocked.Decrement(ref _count);
        }
    }
}
