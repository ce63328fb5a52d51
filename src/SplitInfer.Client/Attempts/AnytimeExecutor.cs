using SplitInfer.Client.Device;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Has the device go on, and gives by the deadline the best that it has got to: what runs then is stopped, and is not waited for. For requests of which the device has no
/// answer at hand, and that do not ask for any on the way, it is what goes on.
/// </summary>
/// <param name="climb">Goes on by way of exits.</param>
/// <param name="local">Goes on to the end.</param>
/// <param name="background">Takes what is stopped, until it has ended.</param>
/// <param name="time">The clock.</param>
internal sealed class AnytimeExecutor(IExecutor climb, IExecutor local, StandInRule standIns, BackgroundWork background, TimeProvider time) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => attempt.IsAnytime;

    public ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop) => attempt.IsAnytime ? new(RunByDeadlineAsync(attempt, stop)) : local.RunAsync(attempt, stop);

    private async Task<AttemptResult> RunByDeadlineAsync(Attempt attempt, CancellationToken stop)
    {
        var left = standIns.LeftUntilLastCall(attempt);
        if ((left == TimeSpan.Zero || !attempt.MayGoOn) && attempt.AnswerAtHand() is { } atOnce) return atOnce;
        var run = new RaceBranch(attempt, climb);
        attempt.RunBehind = run.Result;
        using (stop.UnsafeRegister(static run => ((RaceBranch)run!).Stop(), run))
        {
            // Without an answer at hand nothing but the deadline itself ends the run.
            await ((Task)(left > TimeSpan.Zero ? run.Result.WaitAsync(left, time, stop) : run.Result)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (run.Result.IsCompletedSuccessfully || attempt.Caller.IsCancellationRequested || attempt.AnswerAtHand() is not { } best) return await run.Result.ConfigureAwait(false);
            background.Start(_ => run.DisposeAsync().AsTask());
            return best;
        }
    }
}
