namespace SplitInfer.Policies.MuLinUcb;

/// <summary>
/// Bounds what requests may cost beyond running everything on the device: a discounted sum over some 50 requests of what was lost, gains
/// set off against losses. While it is above 1 % of what the device would have taken for them, only the device is used, and races at the
/// usual interval. Not thread-safe.
/// </summary>
internal sealed class DeviceGuard
{
    private const double Memory = 50;

    /// <summary>What may be lost, as a part of what the device takes.</summary>
    private const double Tolerance = 0.01;

    // In delays of the device, so that a device that becomes slow does not change what was lost.
    private double _lost;

    /// <summary>Whether more was lost than may be.</summary>
    public bool IsClosed => _lost > Tolerance * Memory;

    /// <summary>Counts what a request cost its caller.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="device">What the device alone would have taken, s.</param>
    public void Observe(in Outcome outcome, double device)
    {
        if (outcome.Kind == OutcomeKind.LateReply || device <= 0) return;
        var cost = outcome.Server switch
        {
            ServerOutcome.NotAsked => device,
            ServerOutcome.Pending => RaceModel.Overhead * device,
            ServerOutcome.Replied or ServerOutcome.Overdue => outcome.HeadSeconds + outcome.EncodeSeconds + outcome.OffloadSeconds,
            _ => device + outcome.OffloadSeconds,
        };

        // Whether an exit answers is chance, which the device alone would have met as well. So what counts is what is had in the mean.
        if (outcome.HasLeft && !outcome.Decision.Arm.IsOnDevice) cost = outcome.Decision.PredictedSeconds;
        else if (outcome is { Server: not ServerOutcome.NotAsked, Decision.ExitRate: > 0 and var rate }) cost -= rate * Math.Max(0, cost - outcome.HeadSeconds);
        _lost += (cost / device) - 1 - (_lost / Memory);
    }
}
