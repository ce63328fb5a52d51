namespace SplitInfer.Client.Attempts;

/// <summary>Has the tail of an attempt run. Executors hold no state of an attempt; they compose, and one serves all requests of a client. Thread-safe.</summary>
internal interface IExecutor
{
    /// <summary>Whether some part of the run may still be under way when the caller has its result, so that inputs which cross must be copied.</summary>
    bool MayOutliveCall(Attempt attempt);

    /// <summary>Runs the tail.</summary>
    /// <param name="attempt">The attempt, with its boundary collected.</param>
    /// <param name="stop">Signalled when the caller cancels or the budget is spent; everything that the executor started has ended, or belongs to background work, when it throws.</param>
    /// <returns>The outputs, which the caller owns, and how they came about.</returns>
    ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop);
}
