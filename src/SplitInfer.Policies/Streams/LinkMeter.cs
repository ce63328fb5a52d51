namespace SplitInfer.Policies.Streams;

/// <summary>
/// Tells how long a link took for a payload from when replies come, although several payloads queue there: its time begins when the one before it has left, not when it
/// could be sent. Not thread-safe.
/// </summary>
/// <remarks>
/// <code>
/// R_i   reply_i − server_i
/// D_i   R_i − r: when a payload has left, if the link is one at a time and in order
/// s·b   R_i − R_{i−1} where it could be sent before D_{i−1}, by more than r may be off
/// r+s·b R_i − max(send_i, D_{i−1}) otherwise
/// </code>
/// So r does not matter while payloads follow each other without a gap. Replies that overtake others are kept until those before them have come.
/// </remarks>
internal sealed class LinkMeter
{
    /// <summary>More than are ever in flight.</summary>
    private const int Capacity = 128;

    /// <summary>How far r may be off, relative to itself.</summary>
    private const double Sure = 0.15;

    private readonly Sent[] _sent = new Sent[Capacity];
    private int _first;
    private int _count;
    private double _returned = double.NegativeInfinity;

    /// <summary>Payloads whose reply is not there.</summary>
    public int Outstanding => _count;

    /// <summary>When the last payload whose reply is there has left; negative infinity before the first one.</summary>
    public double Left { get; private set; } = double.NegativeInfinity;

    /// <summary>Whether no payload whose reply is not there is ahead of one.</summary>
    public bool IsFirst(long sequence) => _count > 0 && _sent[_first].Sequence == sequence;

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
    /// <param name="transfer">What it took; its seconds are NaN where that is not known.</param>
    public bool TryNext(double roundTrip, out LinkTransfer transfer)
    {
        transfer = new(0, double.NaN, IsBehind: false);
        if (_count == 0 || _sent[_first] is not { IsEnded: true } sent) return false;
        Drop();
        if (double.IsNaN(sent.Returned))
        {
            // One that had no reply may have used the link for some time, so that nothing is known of the next.
            if (sent.HasUsed) _returned = double.NaN;
            return true;
        }

        var left = _returned - roundTrip;
        if (left - sent.Began > Sure * roundTrip) transfer = new(sent.Bits, sent.Returned - _returned, IsBehind: true);
        else if (!double.IsNaN(left)) transfer = new(sent.Bits, sent.Returned - Math.Max(sent.Began, left), IsBehind: false);
        (_returned, Left) = (sent.Returned, sent.Returned - roundTrip);
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

/// <summary>What a payload took on a link.</summary>
/// <param name="Bits">Its bits.</param>
/// <param name="Seconds">s·b or, with the round trip, r + s·b.</param>
/// <param name="IsBehind">Whether another one was right ahead of it, so that the round trip is no part of it.</param>
internal readonly record struct LinkTransfer(double Bits, double Seconds, bool IsBehind);
