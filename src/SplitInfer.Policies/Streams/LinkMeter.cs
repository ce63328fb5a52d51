namespace SplitInfer.Policies.Streams;

/// <summary>
/// Tells how long a link took for a payload from when replies come, although several payloads queue there: its time begins when the one before it has left, not when it
/// could be sent. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// f    from the first byte that could leave to the reply, without the server's own time, as if nothing had been ahead of it: r + s·b
/// D    when a payload has left, if the link is one at a time and in order: reply − server − r
/// f_i  reply_i − server_i − max(send_i, D_{i−1})
/// </code>
/// So r may be off without s being off while payloads follow each other without a gap. Replies that overtake others are kept until those before them have come.
/// </remarks>
internal sealed class LinkMeter
{
    /// <summary>More than are ever in flight.</summary>
    private const int Capacity = 128;

    private readonly Sent[] _sent = new Sent[Capacity];
    private int _first;
    private int _count;
    private double _left = double.NegativeInfinity;

    /// <summary>Payloads whose reply is not there.</summary>
    public int Outstanding => _count;

    /// <summary>When the last payload whose reply is there has left; negative infinity where that is not known.</summary>
    public double Left => double.IsNaN(_left) ? double.NegativeInfinity : _left;

    /// <summary>A payload will be sent after those before it.</summary>
    public void Begin(long sequence)
    {
        if (_count == Capacity) Drop();
        _sent[(_first + _count++) % Capacity] = new(sequence);
    }

    /// <summary>Its reply has come, or will not come.</summary>
    /// <param name="times">What it took.</param>
    public void End(in StageTimes times)
    {
        for (var i = 0; i < _count; i++)
        {
            ref var sent = ref _sent[(_first + i) % Capacity];
            if (sent.Sequence != times.Decision.Sequence) continue;
            sent = times.HasReply ? sent with { IsEnded = true, Began = times.SendBegan, Returned = times.RepliedAt - times.ServerSeconds, Bits = Math.Max(times.Bits, 1) }
                : sent with { IsEnded = true, Returned = double.NaN, HasUsed = double.IsFinite(times.SendBegan) };
            return;
        }
    }

    /// <summary>The time of the next payload whose turn it is; false where there is none yet.</summary>
    /// <param name="roundTrip">r, s.</param>
    /// <param name="bits">b.</param>
    /// <param name="seconds">f, s; NaN where it is not known.</param>
    public bool TryNext(double roundTrip, out double bits, out double seconds)
    {
        (bits, seconds) = (0, double.NaN);
        if (_count == 0 || _sent[_first] is not { IsEnded: true } sent) return false;
        Drop();
        if (double.IsNaN(sent.Returned))
        {
            // One that had no reply may have used the link for some time, so that nothing is known of the next.
            if (sent.HasUsed) _left = double.NaN;
            return true;
        }

        bits = sent.Bits;
        if (!double.IsNaN(_left)) seconds = sent.Returned - Math.Max(sent.Began, _left);
        _left = sent.Returned - roundTrip;
        return true;
    }

    private void Drop() => (_first, _count) = ((_first + 1) % Capacity, _count - 1);

    private readonly record struct Sent(long Sequence)
    {
        public bool IsEnded { get; init; }

        public bool HasUsed { get; init; }

        public double Began { get; init; }

        public double Returned { get; init; }

        public double Bits { get; init; }
    }
}
