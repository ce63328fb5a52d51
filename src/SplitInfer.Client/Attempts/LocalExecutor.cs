using SplitInfer.Client.Device;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>Runs the tail on the device.</summary>
/// <param name="time">The clock.</param>
internal sealed class LocalExecutor(TimeProvider time) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => false;

    public async ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop) =>
        new(await attempt.Cut.RunTailAsync(attempt.Boundary, attempt.Inputs, new StageTimer(time), stop).ConfigureAwait(false), ServerOutcome.NotAsked);
}
