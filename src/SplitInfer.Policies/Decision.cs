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

    /// <summary>Expected delay of the request in seconds; NaN where the policy predicts nothing.</summary>
    public double PredictedSeconds { get; init; }

    /// <summary>Number of this decision among those of its policy; it orders outcomes that arrive late.</summary>
    public long Sequence { get; init; }
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
}

/// <summary>What a policy optimises.</summary>
public enum Objective
{
    /// <summary>The least expected time of the request.</summary>
    LeastTime,
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
