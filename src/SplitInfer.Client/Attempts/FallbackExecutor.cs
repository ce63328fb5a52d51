using System.Runtime.CompilerServices;

namespace SplitInfer.Client.Attempts;

/// <summary>Runs one executor and, if the server fails, the device. If the caller cancels or the budget is spent, the device does not run, because nobody could use its result.</summary>
/// <param name="first">The executor that is tried first.</param>
/// <param name="local">Runs the tail on the device.</param>
/// <param name="standIns">Says which variant the device then runs.</param>
internal sealed class FallbackExecutor(IExecutor first, IExecutor local, StandInRule standIns) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => first.MayOutliveCall(attempt);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        Exception failure;
        try
        {
            return await first.RunAsync(attempt, stop).ConfigureAwait(false);
        }
        catch (Exception error) when (ServerFault.Is(error))
        {
            failure = error;
        }

        var waited = attempt.WaitedSeconds;
        attempt.ReportServerFailure(failure);
        // Who has given up, or has no time left, is told that, and not what the server failed with at the same moment.
        if (stop.IsCancellationRequested) throw new OperationCanceledException(failure.Message, failure, stop);
        attempt.Stage = "running the rest on the device, since the server had failed";
        standIns.ChooseNow(attempt);
        var result = await local.RunAsync(attempt, stop).ConfigureAwait(false);
        return result with { Server = ServerFault.OutcomeOf(failure), OffloadSeconds = waited, ServerFailure = failure };
    }
}
