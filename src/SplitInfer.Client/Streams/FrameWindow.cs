using System.Diagnostics.CodeAnalysis;

namespace SplitInfer.Client.Streams;

/// <summary>
/// Which frames of a stream wait, are in flight, and have a result that is still to be yielded. Knows no clock and no thread; whoever uses it sees to that.
/// </summary>
/// <param name="whenBehind">What happens to frames for which there is no place.</param>
/// <param name="isOrdered">Whether results are yielded in the order of the frames.</param>
/// <param name="size">How many may be in flight now, at least 1.</param>
internal sealed class FrameWindow(WhenBehind whenBehind, bool isOrdered, Func<int> size)
{
    /// <summary>Frames that wait for a place, beyond those for which there is one, where others are dropped.</summary>
    private const int MaxWaiting = 1;

    /// <summary>Results that may wait to be yielded while frames are dropped; more of them hold the source up.</summary>
    public const int MaxUnread = 1024;

    /// <summary>Those in flight, and those with a result that waits for an earlier one or for the caller, are at most so many windows.</summary>
    public const int MaxWindows = 2;

    private readonly List<StreamFrame> _waiting = [];
    private readonly PriorityQueue<StreamResult, long> _done = new();
    private int _kept;
    private long _next;

    /// <summary>Frames in flight.</summary>
    public int InFlight { get; private set; }

    /// <summary>Whether the source yields no more.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Whether no frame waits, and none will.</summary>
    public bool IsDrained => HasEnded && _waiting.Count == 0;

    /// <summary>Whether every frame that came has been yielded, and no more come.</summary>
    public bool IsOver => IsDrained && InFlight == 0 && _done.Count == 0;

    /// <summary>Whether the source may be asked for the next frame.</summary>
    public bool MayPull => whenBehind == WhenBehind.Wait ? _waiting.Count < Room : _done.Count < MaxUnread;

    private int Room => size() is var window ? Math.Max(0, Math.Min(window - InFlight, (MaxWindows * window) - InFlight - _kept)) : 0;

    /// <summary>A frame has come from the source.</summary>
    /// <returns>The frame that is dropped for it, or instead of it; null where none is.</returns>
    public StreamFrame? Arrive(StreamFrame frame)
    {
        _waiting.Add(frame);
        var room = Room;
        if (whenBehind == WhenBehind.Wait || _waiting.Count <= room + MaxWaiting) return null;
        // Those before the one at this place have a place, and only have yet to begin.
        var place = whenBehind == WhenBehind.DropOldest ? room : _waiting.Count - 1;
        var dropped = _waiting[place];
        _waiting.RemoveAt(place);
        return dropped;
    }

    /// <summary>Takes the next frame that may begin, which is in flight from then on.</summary>
    public bool TryStart([NotNullWhen(true)] out StreamFrame? frame)
    {
        frame = null;
        if (_waiting.Count == 0 || Room == 0) return false;
        frame = _waiting[0];
        _waiting.RemoveAt(0);
        frame.InFlight = ++InFlight;
        return true;
    }

    /// <summary>A frame that was in flight is no longer.</summary>
    /// <param name="result">What became of it.</param>
    public void End(StreamResult result)
    {
        InFlight--;
        _kept++;
        _done.Enqueue(result, result.Frame);
    }

    /// <summary>A frame that was in flight is given up, and nobody asks for its result.</summary>
    public void Abandon() => InFlight--;

    /// <summary>A frame never began.</summary>
    public void Drop(StreamResult result) => _done.Enqueue(result, result.Frame);

    /// <summary>Takes any result, when nobody asks for the rest.</summary>
    public bool TryTakeAny([NotNullWhen(true)] out StreamResult? result) => _done.TryDequeue(out result, out _);

    /// <summary>Takes the next result that may be yielded.</summary>
    public bool TryTake([NotNullWhen(true)] out StreamResult? result)
    {
        if (!_done.TryPeek(out result, out var number) || (isOrdered && number != _next)) return false;
        _done.Dequeue();
        _next++;
        if (result.InFlight > 0) _kept--;
        return true;
    }
}
