namespace SplitInfer.Policies;

/// <summary>What a policy chose for one request, with everything that it needs in order to learn from the outcome.</summary>
public readonly record struct Decision
{
    /// <summary>The arm to take.</summary>
    public required Arm Arm { get; init; }

    /// <summary>Whether the arm was taken in order to learn rather than because it looked best.</summary>
    public bool IsForced { get; init; }

    /// <summary>Whether the device runs the tail itself while the boundary travels, so that the first answer wins.</summary>
    public bool IsRaced { get; init; }

    /// <summary>
    /// An arm of another server with the variant, cut, codec and exit of <see cref="Arm"/>: once the request has its result, the same boundary is
    /// sent there as well, only to learn of that server. The reply becomes an outcome of kind <see cref="OutcomeKind.LateReply"/> whose decision has
    /// this arm. Null (the default) sends nothing more.
    /// </summary>
    public Arm? Shadow { get; init; }

    /// <summary>Whether the request named the partition. The outcome then reaches head profile and server health, but not the policy.</summary>
    public bool IsNamed { get; init; }

    /// <summary>
    /// Seconds from the start of encoding after which the reply is late: the device then runs the tail itself, and the first answer
    /// wins. 0 waits for the reply however long it takes.
    /// </summary>
    public double LateAfterSeconds { get; init; }

    /// <summary>
    /// The arm that runs everything on the device if the server does not answer in time, or beside it in a race. Where it has the variant of
    /// <see cref="Arm"/>, the device goes on from the cut; another variant runs from the input. It may have an exit of its own, never the one that has
    /// just left the request to the server, and in the variant of <see cref="Arm"/> never one on an earlier cut. Null (the default) is the variant of
    /// <see cref="Arm"/> without an exit.
    /// </summary>
    public Arm? Local { get; init; }

    /// <summary>
    /// Seconds from the call after which the device starts <see cref="Local"/> unless the reply is there, so that it can answer by the deadline.
    /// The server's answer is taken as long as it comes by then. Null (the default) starts nothing.
    /// </summary>
    public double? HedgeAfterSeconds { get; init; }

    /// <summary>Probability that <see cref="Arm"/> answers by the deadline, 0 to 1; null where the policy does not estimate it.</summary>
    public double? InTimeProbability { get; init; }

    /// <summary>
    /// Expected accuracy of what the caller has at the deadline, 0 to 1, where nothing counts as 0; null where the policy does not estimate it.
    /// </summary>
    public double? ExpectedAccuracy { get; init; }

    /// <summary>Expected delay of the request in seconds; NaN where the policy predicts nothing.</summary>
    public double PredictedSeconds { get; init; }

    /// <summary>
    /// Expected delay in seconds where the exit of <see cref="Arm"/> answers on the device, which is a part of <see cref="PredictedSeconds"/>; null (the default) where it has none, or the policy predicts nothing.
    /// </summary>
    public double? PredictedExitSeconds { get; init; }

    /// <summary>Number of this decision among those of its policy; it orders outcomes that arrive late.</summary>
    public long Sequence { get; init; }

    /// <summary>What the decision was made for.</summary>
    internal Objective Objective { get; init; }

    /// <summary>Expected delay in seconds once it is known whether the exit of <see cref="Arm"/> has answered: <see cref="PredictedSeconds"/> is the mean over both. NaN where the policy predicts nothing.</summary>
    /// <param name="exitAnswers">Whether it has.</param>
    public double PredictedWhere(bool exitAnswers) => (exitAnswers ? PredictedExitSeconds : UnansweredSeconds) ?? PredictedSeconds;

    /// <summary>Expected delay where the exit of the arm does not answer, s; null where it has none.</summary>
    internal double? UnansweredSeconds { get; init; }

    /// <summary>Probability with which the exit of the arm was expected to answer.</summary>
    internal double ExitRate { get; init; }

    /// <summary>
    /// What the device alone was expected to take for the request, s; 0 where that is nothing to compare with, since it may not run it or the request
    /// is not about time.
    /// </summary>
    internal double DeviceSeconds { get; init; }
}

/// <summary>What is known of a request before it runs.</summary>
public readonly record struct DecisionContext
{
    /// <summary>
    /// Seconds left until the request's deadline; null without a deadline. Policies that choose leave out what takes longer than that
    /// before anything could be sent, and the device where it does, unless nothing is left.
    /// </summary>
    public double? RemainingSeconds { get; init; }

    /// <summary>Servers that cannot be used at the moment: bit s stands for server s. There are at most 64 servers.</summary>
    public ulong UnavailableServers { get; init; }

    /// <summary>How much the request matters.</summary>
    public QualityOfService Quality { get; init; }

    /// <summary>What is optimised. Least time by default.</summary>
    public Objective Objective { get; init; }

    /// <summary>
    /// The least accuracy (<see cref="ArmDescription.Accuracy"/>) that an arm must have, 0 to 1. Where no arm that can be used has it, the most
    /// accurate of them are left. 0 (the default) leaves all arms.
    /// </summary>
    public double MinAccuracy { get; init; }

    /// <summary>
    /// Under <see cref="Objective.Experience"/>, the variant whose arms may be taken (<see cref="Arm.Variant"/>), remote and local. Null (the default)
    /// leaves all, as does a variant of which no arm can be used. What stands in for an arm on the device (<see cref="Decision.Local"/>) may be of
    /// another.
    /// </summary>
    public int? Variant { get; init; }

    /// <summary>
    /// Seconds that the request has already taken to where its arm is chosen: the way to a server that chooses. 0 (the default) where the device
    /// chooses. They are no part of <see cref="RemainingSeconds"/>.
    /// </summary>
    public double UplinkSeconds { get; init; }
}

/// <summary>What a policy optimises.</summary>
public enum Objective
{
    /// <summary>The least expected time of the request.</summary>
    LeastTime,

    /// <summary>
    /// The highest expected accuracy of what the caller has when <see cref="DecisionContext.RemainingSeconds"/> have passed: P·A + (1 − P)·A_local,
    /// where P is the probability that the arm answers by then, A its accuracy, and A_local that of the answer that the device has by then if the
    /// server has none. Without a deadline it is the most accurate arm. Of arms that are equally accurate the fastest is taken, what it costs others included.
    /// </summary>
    MostAccurateBy,

    /// <summary>
    /// The best expected rating by the user: the least expected time of the request among the arms of <see cref="DecisionContext.Variant"/>, which an
    /// <see cref="Policies.Experience.ExperienceModel"/> chose for the session.
    /// </summary>
    Experience,
}

/// <summary>When the device runs a model itself beside a server that was asked (<see cref="Decision.HedgeAfterSeconds"/>), under <see cref="Objective.MostAccurateBy"/>.</summary>
public enum Hedge
{
    /// <summary>As late as it can be and still answer by the deadline, and only where the server's reply is not there.</summary>
    WhenLate,

    /// <summary>For every request, from its beginning.</summary>
    Always,

    /// <summary>Never. Only arms that answer by the deadline nearly surely are then taken.</summary>
    Never,
}

/// <summary>How much a request matters.</summary>
/// <param name="Weight">Weight relative to an ordinary request; 0 (the default) reads as 1.</param>
public readonly record struct QualityOfService(double Weight)
{
    /// <summary>A key frame, such as one that differs from the frame before: it weighs four times as much as another (L = 0.8 against 0.2 in the μLinUCB paper).</summary>
    public static QualityOfService KeyFrame { get; } = new(4);

    /// <summary>Whether the request weighs more than an ordinary one.</summary>
    public bool IsKey => Weight > 1;

    /// <summary><see cref="Weight"/> with its default applied.</summary>
    public double EffectiveWeight => Weight > 0 ? Weight : 1;
}
