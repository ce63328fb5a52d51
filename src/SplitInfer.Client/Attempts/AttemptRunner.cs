using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Device;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Segments;

namespace SplitInfer.Client.Attempts;

/// <summary>Carries out attempts: runs the head and the tail, and publishes the one outcome. Thread-safe.</summary>
/// <param name="executors">Run tails.</param>
/// <param name="sink">Is told the outcomes.</param>
/// <param name="variants">The models on the device.</param>
/// <param name="mask">Takes the cuts whose boundary is unusable.</param>
/// <param name="learns">Whether a policy learns from the attempts.</param>
internal sealed class AttemptRunner(ExecutorSet executors, OutcomeSink sink, VariantSet variants, ArmMask mask, bool learns)
{
    private readonly ConcurrentDictionary<(int Variant, int Cut), bool> _harmlessPartitions = new();
    private volatile bool _yieldsNonFinite;

    /// <summary>Whether the model has yielded what is not finite on the device, so that a server which does so is not at fault.</summary>
    public bool YieldsNonFinite => _yieldsNonFinite;

    /// <summary>Awaits replies that lost a race.</summary>
    public LateReplyCollector Late => executors.Late;

    /// <summary>Runs the attempt until its outputs can be taken.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="sendsWhatIsNotFinite">Whether a boundary is sent whatever it holds.</param>
    /// <param name="stop">Signalled when the caller cancels or the budget is spent.</param>
    /// <exception cref="Transport.RequestTimeoutException">The budget is spent, and the outputs were not ready before.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(Attempt attempt, bool sendsWhatIsNotFinite, CancellationToken stop)
    {
        var (arm, caller) = (attempt.Decision.Arm, attempt.Caller);
        try
        {
            if (attempt.Lane is { } lane) await lane.EnterAsync(hasWork: attempt.Cut.Route.HasHead, stop).ConfigureAwait(false);
            if (!await executors.Ascent.TryReachAsync(attempt, stop).ConfigureAwait(false)) await attempt.RunHeadAsync(stop).ConfigureAwait(false);
            if (arm is not { IsOnDevice: true, Exit: 0 }) await RunTailAsync(attempt, sendsWhatIsNotFinite, stop).ConfigureAwait(false);
            attempt.Lane?.Leave();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !caller.IsCancellationRequested)
        {
            // What an exit has said is better than nothing.
            if (!attempt.TryCompleteWithAnswerAtHand())
            {
                sink.Publish(attempt.CreateOutcome(OutcomeKind.Failed));
                throw attempt.Budget.Exceeded(attempt.Stage);
            }
        }
        catch (OperationCanceledException) when (caller.IsCancellationRequested)
        {
            // A caller with a patience of its own may be all that ever ends a wait for a server that is gone.
            sink.PublishNothing(attempt.Decision, isInDoubt: attempt.WaitedSeconds > 0);
            throw;
        }
        catch (Exception failure) when (failure is not SegmentLoadException && !caller.IsCancellationRequested)
        {
            if (ServerFault.Is(failure)) attempt.ReportServerFailure(failure);
            sink.Publish(attempt.CreateOutcome(OutcomeKind.Failed));
            // The server may see that the time is up before this end does.
            if (failure is TailRefusedException { Code: RefusalCode.DeadlineExceeded } && attempt.Budget.IsLimited) throw attempt.Budget.Exceeded(attempt.Stage, failure);
            throw;
        }

        var outcome = attempt.CreateOutcome(OutcomeKind.Completed);
        // What it cost is known all the same.
        if (attempt.IsTooLate) outcome = outcome with { Kind = OutcomeKind.Failed };
        sink.Publish(outcome);
        executors.Extra.Earn(attempt.HeadTime.TotalSeconds + (attempt.Result.IsFromServer ? 0 : attempt.Result.Outputs.Time.TotalSeconds));
        // Where the exit of an arm on the device did not answer, its head and what is behind it are the whole.
        if (arm.IsOnDevice && outcome.Exit == 0) variants[arm.Variant].Model.RecordWhole(outcome.HeadSeconds);
        else variants[attempt.LocalVariant].Model.RecordWhole(outcome.DeviceSeconds);
        if (attempt.IsTooLate) throw attempt.Budget.Exceeded(attempt.Stage);
        executors.SendShadow(attempt);
    }

    private async ValueTask RunTailAsync(Attempt attempt, bool sendsWhatIsNotFinite, CancellationToken stop)
    {
        var decision = attempt.Decision;
        attempt.CollectBoundary();
        if (await attempt.LeaveAsync(stop).ConfigureAwait(false)) return;
        var executor = decision.Arm.IsOnDevice ? executors.OnDevice : attempt.Lane is not null ? executors.Streamed : decision.IsNamed && attempt.Early is null ? executors.Remote : executors.Chosen;
        attempt.SetOut(copyInputs: executor.MayOutliveCall(attempt) || decision.Shadow is not null, isSent: !decision.Arm.IsOnDevice);
        var isKnownHarmless = sendsWhatIsNotFinite || decision.Arm.IsOnDevice || (learns && !decision.IsNamed && _harmlessPartitions.ContainsKey((decision.Arm.Variant, decision.Arm.Cut)));
        if (isKnownHarmless || BoundaryCheck.FindLoss(attempt) is not { } loss)
        {
            var result = await executor.RunAsync(attempt, stop).ConfigureAwait(false);
            if (result.IsTooLate && attempt.TryCompleteWithAnswerAtHand())
            {
                result.Outputs.Dispose();
                return;
            }

            attempt.Complete(result);
            if (attempt.Result.ServerFailure is NonFiniteOutputException nonFinite) Judge(attempt, nonFinite);
            return;
        }

        executors.StandIns.KeepOwn(attempt);
        attempt.Complete(await attempt.RunWithoutBoundaryAsync(loss, stop).ConfigureAwait(false));
        if (!learns || decision.IsNamed) return;
        // The first such request also tells whether the policy may go on to choose the partition.
        if (await BoundaryCheck.IsLossHarmlessAsync(attempt, stop).ConfigureAwait(false)) _harmlessPartitions.TryAdd((decision.Arm.Variant, loss.Partition), true);
        else mask.Add(decision.Arm.Variant, loss.Partition, loss.Message);
    }

    /// <summary>Holds the device's result against a server whose outputs were not finite.</summary>
    private void Judge(Attempt attempt, NonFiniteOutputException failure)
    {
        // Another variant says nothing of what this one yields.
        if (attempt.Result.Outputs.Variant is not null) return;
        if (BoundaryCheck.AreOutputsFinite(attempt))
        {
            mask.AddForServer(attempt.Decision.Arm, failure.Message);
            return;
        }

        _yieldsNonFinite = true;
        attempt.Complete(attempt.Result with { ServerFailure = null });
    }
}
