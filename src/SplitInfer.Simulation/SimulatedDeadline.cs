using SplitInfer.Policies;

namespace SplitInfer.Simulation;

/// <summary>
/// What becomes of one request by its deadline: how accurate the answer is that its caller has then, and which outcomes the policy is told. The device starts what stands in
/// when the decision says so, unless the reply is there. Durations in seconds.
/// </summary>
/// <remarks>
/// Whatever an exit answers is easy for every model, so that arms differ only in what they make of the rest: of the inputs that an exit with rate q leaves, an answer
/// of accuracy A over all inputs is right in (A − q)/(1 − q).
/// </remarks>
/// <param name="Request">How long its parts take.</param>
/// <param name="Decision">What the policy chose.</param>
/// <param name="Deadline">From the call.</param>
/// <param name="Accuracy">Accuracy of the arm over all inputs.</param>
/// <param name="LocalAccuracy">That of what stands in.</param>
/// <param name="ExitRate">Share of inputs that the exit of the arm answers.</param>
internal readonly record struct SimulatedDeadline(SimulatedRequest Request, Decision Decision, double Deadline, double Accuracy, double LocalAccuracy, double ExitRate)
{
    private double Sent => Request.Head + Request.Evaluate + Request.Encode;

    private double Reply => Request.Fails ? double.PositiveInfinity : Sent + Request.Offload;

    // When the device begins with what stands in, if it does.
    private double Start => Decision is { HedgeAfterSeconds: { } after, Local: not null } && Math.Max(after, Sent) is var start && start < Math.Min(Reply, Deadline) ? start : double.PositiveInfinity;

    private double OnDevice => Beside(Request);

    /// <summary>When the caller has an answer, or gives up.</summary>
    public double Seconds => Math.Min(Deadline, Request.Offload == 0 ? Request.Head + Request.Evaluate : Reply);

    /// <summary>Probability that the answer that is there at the deadline is right; 0 where there is none.</summary>
    public double Right
    {
        get
        {
            if (Request.Offload == 0 && Request.Head + Request.Evaluate > Deadline) return 0;
            if (Request.HasLeft) return ExitRate >= 1 ? Accuracy : 1;
            return Request.Offload == 0 || Reply <= Deadline ? OfTheRest(Accuracy) : Start + OnDevice <= Deadline ? OfTheRest(LocalAccuracy) : 0;
        }
    }

    /// <summary>What the policy is told, and how long after the call.</summary>
    public IEnumerable<(Outcome Outcome, double Delay)> Outcomes()
    {
        if (Request.Offload == 0)
        {
            yield return (new() { Decision = Decision, HeadSeconds = Request.Head, Exit = Request.Exit }, Seconds);
            yield break;
        }

        var (isLate, end) = (Reply > Deadline, Start + OnDevice);

        // Once it is of no use any more the device stops; what it does past a deadline that it missed it does to the end, since that teaches.
        var ran = double.IsFinite(Start) && (isLate || end <= Reply) ? OnDevice + (Request.BeginsAnew ? 0 : Request.Head) : 0;
        var atExit = double.IsFinite(Start) && (isLate || Start + Beside(Request.UntilExit) <= Reply) ? Request.StandInLeaves : null;
        var told = new Outcome { Decision = Decision, HeadSeconds = Request.Head, EncodeSeconds = Request.Encode, DeviceSeconds = ran, LocalExitAnswered = atExit };
        var replied = new Outcome { Decision = Decision, Server = ServerOutcome.Replied, OffloadSeconds = Request.Offload, ServerSeconds = Request.Tail, BytesSent = Request.Bytes };
        if (!isLate)
        {
            yield return (replied with { HeadSeconds = Request.Head, EncodeSeconds = Request.Encode, DeviceSeconds = ran, LocalExitAnswered = atExit }, Reply);
            yield break;
        }

        // What is not ready to be sent by the deadline is not sent.
        if (Sent >= Deadline)
        {
            yield return (told with { Kind = OutcomeKind.Failed }, Deadline);
            yield break;
        }

        yield return (told with { Server = Request.Fails ? ServerOutcome.Failed : ServerOutcome.Overdue, OffloadSeconds = Request.Fails ? Request.Offload : Deadline - Sent, Exit = ran > 0 ? Request.Exit : 0 }, Deadline);
        if (Request.Fails) yield break;
        var patience = RaceModel.PatienceInDeadlines * Deadline;
        replied = replied with { Kind = OutcomeKind.LateReply };
        if (Reply > patience) replied = replied with { Server = ServerOutcome.Abandoned, OffloadSeconds = patience - Sent, ServerSeconds = 0, BytesSent = 0 };
        yield return (replied, Math.Max(Math.Min(Reply, patience), Math.BitIncrement(Deadline)));
    }

    private static double Beside(in SimulatedRequest request) => RaceModel.Overhead * (request.BeginsAnew ? request.Whole : Math.Max(0, request.Whole - request.Head));

    private double OfTheRest(double accuracy) => ExitRate is > 0 and < 1 ? Math.Max(0, (accuracy - ExitRate) / (1 - ExitRate)) : accuracy;
}
