using SplitInfer.Client.Device;
using SplitInfer.Policies;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Receives replies that lost a race, and replies to shadows: both reveal a server's delay. Waits for at most two of each at a time, and for
/// a limited time, so that they do not delay later requests. Thread-safe.
/// </summary>
/// <param name="sink">Is given the outcomes.</param>
/// <param name="background">Owns the waiting.</param>
/// <param name="time">The clock.</param>
internal sealed class LateReplyCollector(OutcomeSink sink, BackgroundWork background, TimeProvider time)
{
    private int _races;
    private int _shadows;

    /// <summary>Number of replies still awaited.</summary>
    public int Count => Volatile.Read(ref _races) + Volatile.Read(ref _shadows);

    /// <summary>Waits for a server that lost a race, publishes what it would have cost, and releases the branch.</summary>
    /// <param name="server">The server's branch, which is taken over.</param>
    /// <param name="attempt">The attempt that it belongs to.</param>
    /// <param name="patienceSeconds">How long the reply is waited for, s; at least <see cref="RaceModel.LeastPatienceSeconds"/>.</param>
    public void Collect(RaceBranch server, Attempt attempt, double patienceSeconds)
    {
        var isOneTooMany = Interlocked.Increment(ref _races) > RaceModel.MaxLateReplies;
        background.Start(async stop =>
        {
            try
            {
                await CollectAsync(server, attempt, isOneTooMany ? TimeSpan.Zero : Patience(patienceSeconds), stop).ConfigureAwait(false);
            }
            finally
            {
                // Also where a policy fails to learn from the reply, or its place would never be free again.
                Interlocked.Decrement(ref _races);
            }
        });
    }

    /// <summary>Sends a shadow without delaying the caller, and does with its reply what <see cref="Collect"/> does. Does nothing if as many are awaited as may be.</summary>
    /// <param name="attempt">The attempt that has its result.</param>
    /// <param name="arm">The arm of the server that gets the boundary as well.</param>
    /// <param name="remote">Has that server run the tail.</param>
    /// <param name="patienceSeconds">How long the reply is waited for, s.</param>
    public void CollectShadow(Attempt attempt, Arm arm, IExecutor remote, double patienceSeconds)
    {
        if (Interlocked.Increment(ref _shadows) > RaceModel.MaxLateReplies)
        {
            Interlocked.Decrement(ref _shadows);
            return;
        }

        var shadow = attempt.CreateShadow(arm);
        background.Start(stop => Task.Run(async () =>
        {
            try
            {
                using (shadow) await CollectAsync(new(shadow, remote), shadow, Patience(patienceSeconds), stop).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref _shadows);
            }
        }, CancellationToken.None));
    }

    private static TimeSpan Patience(double seconds) => TimeSpan.FromSeconds(Math.Max(RaceModel.LeastPatienceSeconds, seconds));

    private async Task CollectAsync(RaceBranch server, Attempt attempt, TimeSpan patience, CancellationToken stop)
    {
        try
        {
            if (await AwaitAsync(server, attempt, patience, stop).ConfigureAwait(false) is { } outcome) sink.Publish(outcome);
        }
        finally
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    // What became of the server's part; null where the client is being disposed, so that nobody would learn from it.
    private async Task<Outcome?> AwaitAsync(RaceBranch server, Attempt attempt, TimeSpan patience, CancellationToken stop)
    {
        try
        {
            var result = await server.Result.WaitAsync(patience, time, stop).ConfigureAwait(false);
            // Only now, since another server may have taken the place of the first.
            return new Outcome
            {
                Decision = attempt.Decision,
                Kind = OutcomeKind.LateReply,
                Server = ServerOutcome.Replied,
                OffloadSeconds = result.OffloadSeconds,
                ServerSeconds = result.ServerTimings.TotalSeconds,
                QueueSeconds = result.ServerTimings.QueueSeconds,
                ServerPrice = result.ServerLoad.Price,
                ServerPlaces = result.ServerLoad.PlausiblePlaces,
                BytesSent = attempt.Progress.BytesSent,
            };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
#pragma warning disable CA1031 // Whatever the branch ended with, the policy learns that no reply came.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var failure = ServerFault.Is(error) ? error : null;
            if (failure is not null) attempt.ReportServerFailure(failure);
            return new Outcome
            {
                Decision = attempt.Decision,
                Kind = OutcomeKind.LateReply,
                Server = failure is null ? ServerOutcome.Abandoned : ServerFault.OutcomeOf(failure),
                OffloadSeconds = attempt.WaitedSeconds,
                ServerPrice = (failure as TailRefusedException)?.Price ?? 0,
                ServerPlaces = (failure as TailRefusedException)?.Places ?? 0,
                BytesSent = attempt.Progress.BytesSent,
            };
        }
    }
}
