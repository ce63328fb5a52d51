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
    /// <param name="outcome">The outcome.</param>
    /// <param name="serverFailure">What the server failed with; null where it did not.</param>
    public void Publish(in Outcome outcome, Exception? serverFailure)
    {
        var decision = outcome.Decision;
        if (!decision.Arm.IsOnDevice)
        {
            var health = servers.All[decision.Arm.Server].Health;
            if (outcome.Server == ServerOutcome.Replied) health.ReportSuccess();
            else if (serverFailure is not null && ServerFault.IsOfCut(serverFailure)) mask.AddForServer(decision.Arm, serverFailure.Message);
            else if (serverFailure is not null && ServerFault.CountsAgainstHealth(serverFailure)) health.ReportFailure(serverFailure);
        }

        if (!decision.IsNamed) policy.Observe(outcome);
        if (outcome.HeadSeconds > 0) heads?.Observe(decision.Arm.Cut, outcome.HeadSeconds);
        servers.ProbeIfDue();
    }
}
