using SplitInfer.Client.Servers;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>The one place that is told how attempts end. It passes each outcome on to the server's health, the policy and the head profile, in this order. Thread-safe.</summary>
/// <param name="servers">The servers.</param>
/// <param name="policy">Learns from outcomes of requests that did not name their partition.</param>
/// <param name="mask">Takes the cuts that a server cannot run.</param>
/// <param name="heads">Fills in heads that were not measured at the start; null where no policy asks for them.</param>
internal sealed class OutcomeSink(ServerSet servers, IPartitionPolicy policy, ArmMask mask, HeadProfileUpdater? heads)
{
    /// <summary>Passes an outcome on, and probes servers if that is due.</summary>
    public void Publish(in Outcome outcome)
    {
        var decision = outcome.Decision;
        if (outcome.Server == ServerOutcome.Replied) servers.All[decision.Arm.Server].Health.ReportSuccess();
        else if (outcome is { Kind: OutcomeKind.LateReply, Server: ServerOutcome.Abandoned }) servers.All[decision.Arm.Server].Health.ReportSilence();
        if (!decision.IsNamed) policy.Observe(outcome);
        if (outcome.HeadSeconds > 0) heads?.Observe(decision.Arm.Variant, decision.Arm.Cut, outcome.HeadSeconds);
        servers.ProbeIfDue();
    }

    /// <summary>Takes note of what a server failed with: of the cut, where it lacks only that tail, else of its health. Comes before the outcome, which may be long in coming while the device goes on.</summary>
    public void ReportServerFailure(in Decision decision, Exception failure)
    {
        if (ServerFault.IsOfCut(failure)) mask.AddForServer(decision.Arm, failure.Message);
        else if (ServerFault.CountsAgainstHealth(failure)) servers.All[decision.Arm.Server].Health.ReportFailure(failure);
    }
}
