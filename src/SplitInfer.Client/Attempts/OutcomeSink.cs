using SplitInfer.Client.Servers;
using SplitInfer.Client.Telemetry;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>The one place that is told how attempts end. It passes each outcome on to the server's health, the policy and the head profile, in this order, and tells listeners. Thread-safe.</summary>
/// <param name="servers">The servers.</param>
/// <param name="policy">Learns from outcomes of requests that did not name their partition.</param>
/// <param name="mask">Takes the cuts that a server cannot run.</param>
/// <param name="heads">Fills in heads that were not measured at the start; null where no policy asks for them.</param>
/// <param name="recorder">Tells listeners; null where there are none to tell.</param>
internal sealed class OutcomeSink(ServerSet servers, IPartitionPolicy policy, ArmMask mask, HeadProfileUpdater? heads, RequestRecorder? recorder)
{
    /// <summary>Passes an outcome on, and probes servers if that is due.</summary>
    public void Publish(in Outcome outcome)
    {
        var decision = outcome.Decision;
        if (outcome.Server == ServerOutcome.Replied)
            servers.All[decision.Arm.Server].Health.ReportAnswer(decision.Arm.Variant);
        else if (outcome is { Kind: OutcomeKind.LateReply, Server: ServerOutcome.Abandoned }) servers.All[decision.Arm.Server].Health.ReportSilence();
        else if (outcome.Server is ServerOutcome.Overdue or ServerOutcome.Abandoned) servers.All[decision.Arm.Server].Health.ReportDoubt();
        if (outcome.Kind == OutcomeKind.LateReply) recorder?.LateReply(decision.Arm.Server, outcome.Server);
        if (!decision.IsNamed) policy.Observe(outcome);
        // Where the exit of an arm on the device did not answer, the time is that of more than the way to its cut.
        if (outcome.HeadSeconds > 0 && (decision.Arm is not { IsOnDevice: true, Exit: > 0 } || outcome.Exit == decision.Arm.Exit)) heads?.Observe(decision.Arm.Variant, decision.Arm.Cut, outcome.HeadSeconds);
        servers.ProbeIfDue();
    }

    /// <summary>A request has ended in a way from which nobody learns: probes servers if that is due.</summary>
    /// <param name="decision">What was chosen.</param>
    /// <param name="isInDoubt">Whether the server was asked and had not answered.</param>
    public void PublishNothing(in Decision decision, bool isInDoubt)
    {
        if (isInDoubt) servers.All[decision.Arm.Server].Health.ReportDoubt();
        servers.ProbeIfDue();
    }

    /// <summary>Records a failure of a server: if the server lacks only one tail or variant, that is masked for it; otherwise its health changes. Called before the outcome is published, because the device may take long to finish the request.</summary>
    public void ReportServerFailure(in Decision decision, Exception failure)
    {
        recorder?.ServerFailure(decision.Arm.Server, failure);
        if (ServerFault.IsOfCut(failure)) mask.AddForServer(decision.Arm, failure.Message);
        else if (!servers.All[decision.Arm.Server].Health.TryReportMissing(decision.Arm.Variant, failure) && ServerFault.CountsAgainstHealth(failure))
            servers.All[decision.Arm.Server].Health.ReportFailure(failure);
    }
}
