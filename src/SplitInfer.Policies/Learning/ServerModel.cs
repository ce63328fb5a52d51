using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Learning;

/// <summary>What is learned of one server: its link, its tails, and since when. Not thread-safe.</summary>
internal sealed class ServerModel(DelayEstimator tails, bool isSingleCore)
{
    /// <summary>
    /// Decisions to wait for a reply that the device overtook. It will tell how slow link or server have become; until then the server's
    /// arms are not taken.
    /// </summary>
    private const int OverduePatience = 4;

    /// <summary>Lower bound of a delay, s, because its logarithm is taken.</summary>
    private const double MinSeconds = 1e-7;

    private long _changedAt;
    private long _overdueSince;
    private int _owed;

    /// <summary>The link to the server.</summary>
    public LinkModel Link { get; } = new(isSingleCore);

    /// <summary>Delays of the tails, by <see cref="ArmRows.Tail"/>.</summary>
    public DelayEstimator Tails { get; } = tails;

    /// <summary>How busy others keep the server.</summary>
    public ServerCongestion Congestion { get; } = new();

    /// <summary>How fast the server was before it became slow.</summary>
    public SpeedHistory History { get; } = new();

    /// <summary>Place of the arm that is expected to cost least among the server's; −1 where none may be taken.</summary>
    public int Best { get; set; } = -1;

    /// <summary>Counts a decision.</summary>
    public void Advance()
    {
        if (!Link.IsKnown) return;
        Link.History.Advance(Link.Delay);
        History.Advance(Tails.Level);
    }

    /// <summary>Whether a reply is overdue that is still worth waiting for. Where others keep the server busy, one may have met a queue; two in a row say more.</summary>
    public bool IsOverdue(long sequence) => _overdueSince > 0 && sequence - _overdueSince <= OverduePatience && (_owed > 1 || !Congestion.IsPriced);

    /// <summary>Whether a request was sent before the last change of link or server was seen, so that it tells of conditions that are gone.</summary>
    public bool IsStale(long sequence) => sequence < _changedAt;

    /// <summary>Link or server turned out to have changed at a decision.</summary>
    public void MarkChanged(long sequence) => _changedAt = sequence;

    /// <summary>Takes note of whether a reply is still owed. One that missed a deadline is not: it need not be late for other requests.</summary>
    public void NoteReply(in Outcome outcome)
    {
        var sequence = outcome.Decision.Sequence;
        if (outcome is { IsCensored: true, DeviceSeconds: > 0, Decision.Objective: Objective.LeastTime }) (_overdueSince, _owed) = (sequence, _owed + 1);
        else if (sequence == _overdueSince) (_overdueSince, _owed) = (0, 0);
        else if (outcome.Server == ServerOutcome.Replied) _owed = 0;
    }

    /// <summary>Learns what a request that was replied to took. True where link or server turns out to have changed.</summary>
    /// <param name="row">The row of its tail.</param>
    /// <param name="tailSeconds">What the tail took, s.</param>
    /// <param name="bits">Bits that were sent, more than 0.</param>
    /// <param name="linkSeconds">What the link took, s.</param>
    /// <param name="sequence">The request's decision.</param>
    public bool Observe(int row, double tailSeconds, double bits, double linkSeconds, long sequence)
    {
        var before = Tails.Level;
        var onServer = Tails.Observe(row, Math.Max(tailSeconds, MinSeconds));
        if (onServer == Change.Jump) History.MarkJump(before);
        var onLink = Link.Observe(bits, Math.Max(linkSeconds, MinSeconds));
        if (onServer != Change.Jump && onLink != Change.Jump) return false;
        MarkChanged(sequence);
        return true;
    }

    /// <summary>What is known so far; null before any request has measured the link.</summary>
    public ServerEstimate? Estimate()
    {
        if (!Link.IsKnown) return null;
        var longest = double.NaN;
        foreach (var seconds in Tails.AllSeconds) longest = double.IsNaN(longest) ? seconds : Math.Max(longest, seconds);
        return new() { RoundTripSeconds = Link.Delay.Fixed, BitsPerSecond = 1 / Link.Delay.SecondsPerBit, LongestTailSeconds = longest };
    }

    /// <summary>Writes what was learned.</summary>
    public void Save(PolicyStateWriter state)
    {
        Tails.Save(state);
        Link.Save(state);
    }

    /// <summary>Restores what an earlier run learned.</summary>
    public void Restore(PolicyStateReader state)
    {
        Tails.Restore(state);
        Link.Restore(state);
    }
}
