using SplitInfer.Client.Device;
using SplitInfer.Policies;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Has the device go on from the cut: to the end where there is time for that, else from exit to exit as far as there is. A request that asks for every answer on the way goes by all exits.
/// What would be too late by what it last took is tried again now and then where there is an answer at hand, which is given by the deadline all the same.
/// </summary>
/// <param name="variants">The models.</param>
/// <param name="local">Runs the rest in one piece, or another variant that stands in.</param>
/// <param name="standIns">Knows how long the device takes.</param>
/// <param name="time">The clock.</param>
internal sealed class ClimbExecutor(VariantSet variants, IExecutor local, StandInRule standIns, TimeProvider time) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => false;

    public async ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        try
        {
            if (attempt.Exits.Exits is not null && attempt.LocalVariant == attempt.Decision.Arm.Variant) return await ClimbAsync(attempt, stop).ConfigureAwait(false);
            attempt.HasGoneOn = true;
            return await local.RunAsync(attempt, stop).ConfigureAwait(false);
        }
        finally
        {
            attempt.BehindSeconds += time.GetElapsedTime(began).TotalSeconds;
        }
    }

    private async ValueTask<AttemptResult> ClimbAsync(Attempt attempt, CancellationToken stop)
    {
        var model = variants[attempt.Decision.Arm.Variant].Model;
        var (at, timer) = (attempt.Cut, new StageTimer(time));
        TensorValue[] held = [];
        try
        {
            while (Next(attempt, model, at) is { } step)
            {
                attempt.HasGoneOn = true;
                TensorValue[] next;
                try
                {
                    next = await step.RunAsync(held.Length > 0 ? held : at.Route.HasHead ? attempt.Boundary : attempt.Inputs, timer.StartNew(), stop).ConfigureAwait(false);
                }
                catch (SegmentLoadException)
                {
                    // The rest can be run without that exit.
                    break;
                }

                foreach (var tensor in held) tensor.Dispose();
                (at, held) = (step.To, next);
                var asked = attempt.Exits.Ask(at.Partition.Index, held, isOfArm: false);
                attempt.NoteExit(at.Partition.Index, hasAnswered: asked is { IsProvisional: false });
                if (asked is not { } answer) continue;
                if (!answer.IsProvisional && attempt.Early is null) return answer with { Outputs = answer.Outputs with { Time = timer.Total() }, IsTooLate = attempt.Budget.IsOver };
                await attempt.OfferAsync(answer, stop).ConfigureAwait(false);
            }

            if (IsNotWorthIt(attempt, at) && attempt.AnswerAtHand() is { } best) return best with { Outputs = best.Outputs with { Time = timer.Total() } };
            attempt.HasGoneOn = true;
            var result = held.Length == 0 ? await local.RunAsync(attempt, stop).ConfigureAwait(false)
                : new(await at.RunTailAsync(held, attempt.Inputs, timer.StartNew(), stop).ConfigureAwait(false) with { Time = timer.Total() }, ServerOutcome.NotAsked) { IsTooLate = attempt.Budget.IsOver, IsByWayOfExits = true };
            if (!result.IsTooLate) at.SecondTry.Succeed();
            return result;
        }
        finally
        {
            foreach (var tensor in held) tensor.Dispose();
        }
    }

    // What would be too late is worth running only where there is nothing else.
    private bool IsNotWorthIt(Attempt attempt, LocalCut at) => attempt is { Early: null, HasAnswerAtHand: true } && !standIns.CanFinish(attempt, at) && !at.SecondTry.IsDue();

    /// <summary>The way to the next exit; null where the device is to go no further, or to the end at once.</summary>
    private LocalStep? Next(Attempt attempt, LocalModel model, LocalCut at)
    {
        var exits = attempt.Exits.Exits!;
        if (exits.Behind(at.Partition.Index) is not (> 0 and var exit)) return null;
        if (attempt.Early is not null) return model.Step(at.Partition.Index, exits.PartitionOf(exit));
        if (standIns.CanFinish(attempt, at)) return null;
        var step = model.Step(at.Partition.Index, exits.PartitionOf(exit));
        if (!step.IsReady) step.LoadSoon();
        return step.IsReady && (StandInRule.IsLeft(attempt, step.Seconds) || (attempt.HasAnswerAtHand && step.SecondTry.IsDue())) ? step : null;
    }
}
