using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies;

/// <summary>
/// What one request, or what was left of it, cost: the end of one attempt. Immutable. A request has exactly one outcome that is
/// <see cref="OutcomeKind.Completed"/> or <see cref="OutcomeKind.Failed"/>, and at most one <see cref="OutcomeKind.LateReply"/> for
/// each server that was still working when the caller had its result. A request that its caller cancelled has none.
/// </summary>
/// <remarks>Durations are in seconds; one that was not measured is 0.</remarks>
public readonly record struct Outcome
{
    /// <summary>A day: no request takes longer.</summary>
    internal const double MaxSeconds = 86_400;

    /// <summary>More than any server has.</summary>
    private const int MaxPlaces = 100_000;

    /// <summary>What the policy chose.</summary>
    public required Decision Decision { get; init; }

    /// <summary>What the caller got.</summary>
    public OutcomeKind Kind { get; init; }

    /// <summary>What became of the server's part.</summary>
    public ServerOutcome Server { get; init; }

    /// <summary>Seconds that the head ran, up to the cut; the whole model where everything ran on the device and no exit answered. What evaluating an exit took is no part of it.</summary>
    public double HeadSeconds { get; init; }

    /// <summary>Seconds that encoding took until the first bytes could leave. Encoding that overlaps sending is not in it.</summary>
    public double EncodeSeconds { get; init; }

    /// <summary>
    /// Seconds that the whole model took on the device, where the device finished beside or after the server; the part up to the exit where the exit of
    /// <see cref="Decision.Local"/> answered.
    /// </summary>
    public double DeviceSeconds { get; init; }

    /// <summary>Seconds from the first bytes that could leave to the decoded reply; where no reply came, how long it was waited for.</summary>
    public double OffloadSeconds { get; init; }

    /// <summary>The part of <see cref="OffloadSeconds"/> that the server reports: queue, decode, run and encode.</summary>
    public double ServerSeconds { get; init; }

    /// <summary>The part of <see cref="ServerSeconds"/> for which the request waited for a place to run.</summary>
    public double QueueSeconds { get; init; }

    /// <summary>
    /// The price of the server's time in its reply or its refusal: the seconds that others wait longer for each second for which a request occupies one of its places; 0 where
    /// it said none. What the outcome says of anything else does not depend on it.
    /// </summary>
    public double ServerPrice { get; init; }

    /// <summary>How many requests the server runs at a time, by its reply or its refusal; 0 where it did not say.</summary>
    public int ServerPlaces { get; init; }

    /// <summary>Payload bytes that were sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>
    /// The exit that answered on the device; 0 for the model's own outputs. Where it was that of <see cref="Decision.Arm"/>, no server was asked
    /// (<see cref="ServerOutcome.NotAsked"/>) and only <see cref="HeadSeconds"/> was spent; where it was that of <see cref="Decision.Local"/>, a server was.
    /// </summary>
    public int Exit { get; init; }

    /// <summary>Confidence of the exit's answer, 0 to 1; 0 without exits.</summary>
    public double Confidence { get; init; }

    /// <summary>
    /// Whether the exit of <see cref="Decision.Arm"/> was not let answer, however sure it may have been: the request asks for a better answer, or for all answers on the way. Nothing is learned then of
    /// how often it answers. False by default.
    /// </summary>
    public bool IsExitBarred { get; init; }

    /// <summary>
    /// Whether the exit of <see cref="Decision.Local"/> was sure enough to answer, where the device came to it and it was let answer; null (the default) where it did not, or there is none. It may have been
    /// sure of nothing although the device, or the server, answered in the end.
    /// </summary>
    public bool? LocalExitAnswered { get; init; }

    /// <summary>Whether all times can be those of a request. Others would spoil for good what a policy learns, so it does not learn from them.</summary>
    internal bool IsPlausible => IsTime(HeadSeconds) && IsTime(EncodeSeconds) && IsTime(DeviceSeconds) && IsTime(OffloadSeconds) && IsTime(ServerSeconds) && IsTime(QueueSeconds) && BytesSent >= 0 && ServerPrice is >= 0 and <= ServerLoadPrice.MaxPrice && ServerPlaces is >= 0 and <= MaxPlaces;

    /// <summary>Whether the exit of the arm answered, so that the request went no further.</summary>
    internal bool HasLeft => Exit != 0 && Server == ServerOutcome.NotAsked && Exit == Decision.Arm.Exit;

    /// <summary>Whether no reply came although one was waited for: the true offload delay is more than <see cref="OffloadSeconds"/>.</summary>
    public bool IsCensored => Server is ServerOutcome.Overdue or ServerOutcome.Failed or ServerOutcome.Refused or ServerOutcome.Abandoned;

    private static bool IsTime(double seconds) => seconds >= 0 && seconds <= MaxSeconds;
}

/// <summary>What a request's caller got.</summary>
public enum OutcomeKind
{
    /// <summary>A result.</summary>
    Completed,

    /// <summary>Nothing more: the caller had its result already, and the reply of a server that lost a race has come or was given up.</summary>
    LateReply,

    /// <summary>An error, such as a passed deadline.</summary>
    Failed,
}

/// <summary>What became of the server's part of a request.</summary>
public enum ServerOutcome
{
    /// <summary>No server was asked.</summary>
    NotAsked,

    /// <summary>The device won a race that began with the request; the server has not replied yet.</summary>
    Pending,

    /// <summary>The server replied.</summary>
    Replied,

    /// <summary>The reply was late, and the device was faster.</summary>
    Overdue,

    /// <summary>The connection failed, or the server broke the protocol.</summary>
    Failed,

    /// <summary>The server refused the request.</summary>
    Refused,

    /// <summary>The reply was not waited for any longer.</summary>
    Abandoned,
}
