using SplitInfer.Client.Device;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>Runs the tail on the device, or all of another variant that stands in.</summary>
/// <param name="variants">The models.</param>
/// <param name="standIns">Is told when a run has ended.</param>
/// <param name="time">The clock.</param>
internal sealed class LocalExecutor(VariantSet variants, StandInRule standIns, TimeProvider time) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => false;

    public async ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        var variant = attempt.LocalVariant;
        try
        {
            // A head of one variant never meets a tail of another.
            return new(variant == attempt.Decision.Arm.Variant
                ? await attempt.Cut.RunTailAsync(attempt.Boundary, attempt.Inputs, new StageTimer(time), stop).ConfigureAwait(false)
                : await variants[variant].Model.RunInsteadAsync(attempt.Inputs, new StageTimer(time), stop).ConfigureAwait(false) with { Variant = variant }, ServerOutcome.NotAsked) { IsTooLate = attempt.Budget.IsOver };
        }
        finally
        {
            standIns.LoadPlanned(attempt);
        }
    }
}
