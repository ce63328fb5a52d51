using SplitInfer.Policies;

namespace SplitInfer.Simulation;

/// <summary>
/// How long the parts of one request take, and what follows from it: when its caller has a result, and which outcomes the policy is
/// told. Durations in seconds.
/// </summary>
internal readonly record struct SimulatedRequest
{
    /// <summary>The head on the device; the whole model where everything runs there.</summary>
    public required double Head { get; init; }

    /// <summary>The whole model on the device; where another variant than that of the head stands in, that one.</summary>
    public required double Whole { get; init; }

    /// <summary>Whether another variant stands in, which the head is no part of.</summary>
    public bool BeginsAnew { get; init; }

    /// <summary>Evaluating the exit of the arm.</summary>
    public double Evaluate { get; init; }

    /// <summary>The exit by which the device answers, of the arm where nothing is sent, else of what stands in; 0 for none.</summary>
    public int Exit { get; init; }

    /// <summary>Whether the exit of the arm answers, so that nothing is sent.</summary>
    public bool HasLeft => IsOnDevice && Exit != 0;

    /// <summary>Whether the exit of what stands in is sure of the input; null where what stands in has none.</summary>
    public bool? StandInLeaves { get; init; }

    /// <summary>What stands in, up to its exit; meaningless where it has none.</summary>
    public double StandInHead { get; init; }

    /// <summary>Encoding on the device.</summary>
    public double Encode { get; init; }

    /// <summary>From sending to the reply, or to the failure; 0 where everything runs on the device.</summary>
    public double Offload { get; init; }

    /// <summary>The part of it that the server reports.</summary>
    public double Tail { get; init; }

    /// <summary>Payload bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether the request fails instead of bringing a reply.</summary>
    public bool Fails { get; init; }

    /// <summary>The request as it is until the device comes to the exit of what stands in.</summary>
    internal SimulatedRequest UntilExit => this with { Whole = StandInHead };

    private bool IsOnDevice => Offload == 0;

    private double Sent => Head + Evaluate + Encode;

    private double End => Sent + Offload;

    /// <summary>When the caller has a result.</summary>
    /// <param name="decision">What the policy chose.</param>
    /// <param name="lateRaces">Whether the device takes over a reply that is late.</param>
    public double Seconds(in Decision decision, bool lateRaces)
    {
        if (IsOnDevice) return Head + Evaluate;
        var device = DeviceEnd(decision, lateRaces);
        return Fails ? device : Math.Min(End, device);
    }

    /// <summary>What the policy is told, and how long after the request began.</summary>
    public IEnumerable<(Outcome Outcome, double Delay)> Outcomes(Decision decision, bool lateRaces)
    {
        if (IsOnDevice)
        {
            yield return (new() { Decision = decision, HeadSeconds = Head, Exit = Exit }, Head + Evaluate);
            yield break;
        }

        var (device, seconds) = (DeviceEnd(decision, lateRaces), Seconds(decision, lateRaces));
        var reply = Reply(decision);
        var atExit = UntilExit.DeviceEnd(decision, lateRaces) <= seconds ? StandInLeaves : null;
        if (End <= device)
        {
            // The device finishes what a failed request leaves to do.
            yield return (Fails ? reply with { HeadSeconds = Head, EncodeSeconds = Encode, DeviceSeconds = Ran(decision), Exit = Exit, LocalExitAnswered = atExit } : reply with { HeadSeconds = Head, EncodeSeconds = Encode, LocalExitAnswered = atExit }, seconds);
            yield break;
        }

        yield return (new()
        {
            Decision = decision,
            Server = decision.IsRaced ? ServerOutcome.Pending : ServerOutcome.Overdue,
            HeadSeconds = Head,
            EncodeSeconds = Encode,
            OffloadSeconds = decision.IsRaced ? 0 : seconds - Sent,
            DeviceSeconds = Ran(decision),
            Exit = Exit,
            LocalExitAnswered = atExit,
        }, seconds);

        // What lost is waited for, but not for ever.
        var raceStart = decision.IsRaced ? 0 : Head + Evaluate + decision.LateAfterSeconds;
        var patience = raceStart + (RaceModel.PatienceInDeviceDelays * DeviceTime(decision));
        reply = reply with { Kind = OutcomeKind.LateReply };
        if (End > patience) reply = reply with { Server = ServerOutcome.Abandoned, OffloadSeconds = patience - (End - Offload), ServerSeconds = 0 };
        yield return (reply, Math.Max(Math.Min(End, patience), Math.BitIncrement(seconds)));
    }

    /// <summary>What the policy is told of a server that was sent the boundary only to learn of it.</summary>
    /// <param name="decision">The decision, with that server's arm.</param>
    /// <param name="patience">How long the reply is waited for, s.</param>
    public Outcome ShadowReply(in Decision decision, double patience)
    {
        var reply = Reply(decision) with { Kind = OutcomeKind.LateReply };
        return Offload > patience ? reply with { Server = ServerOutcome.Abandoned, OffloadSeconds = patience, ServerSeconds = 0 } : reply;
    }

    private Outcome Reply(in Decision decision) => Fails
        ? new() { Decision = decision, Server = ServerOutcome.Failed, OffloadSeconds = Offload }
        : new() { Decision = decision, Server = ServerOutcome.Replied, OffloadSeconds = Offload, ServerSeconds = Tail, BytesSent = Bytes };

    // When the device has a result, if it starts at all.
    private double DeviceEnd(in Decision decision, bool lateRaces)
    {
        if (decision.IsRaced) return Evaluate + DeviceTime(decision);
        var rest = DeviceTime(decision) - Head;
        if (lateRaces && decision.LateAfterSeconds > 0 && Encode + Offload > decision.LateAfterSeconds) return Head + Evaluate + decision.LateAfterSeconds + rest;
        return Fails ? End + rest : double.PositiveInfinity;
    }

    // What the whole model takes on the device where it also sends. Where it does so from the start, all of it takes longer.
    private double DeviceTime(in Decision decision) => BeginsAnew
        ? Head + (RaceModel.Overhead * Whole)
        : decision.IsRaced ? Whole * RaceModel.Overhead : Head + (RaceModel.Overhead * Math.Max(0, Whole - Head));

    private double Ran(in Decision decision) => DeviceTime(decision) - (BeginsAnew ? Head : 0);
}
