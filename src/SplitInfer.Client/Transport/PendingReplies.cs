using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>What the server still owes on one connection: replies, models that are being opened, and pongs. Also the models that are open there. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class PendingReplies(TimeProvider time)
{
    /// <summary>What <see cref="PendingSince"/> is while nothing is owed.</summary>
    public const long NothingPending = long.MaxValue;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PendingRequest> _requests = [];
    private readonly Dictionary<ulong, PingMessage> _pings = [];
    private readonly HashSet<ModelOpening> _unsentOpenings = [];
    private readonly Dictionary<ulong, ModelOpening> _openings = [];
    private readonly Dictionary<ulong, OpenedModel> _opened = [];
    private Action? _onOwed;
    private long _pendingSince;
    private ulong _lastRequest;
    private ulong _lastPing;
    private uint _lastHandle;
    private bool _isClosed;

    /// <summary>Since when at least one answer has been owed without interruption, as a timestamp.</summary>
    public long PendingSince
    {
        get { lock (_gate) return IsEmpty ? NothingPending : _pendingSince; }
    }

    private bool IsEmpty => _requests.Count + _openings.Count + _pings.Count == 0;

    /// <summary>Has something called whenever the server begins to owe an answer, and at once where it owes one already.</summary>
    /// <param name="onOwed">Returns soon, and asks nothing of this object.</param>
    public void Watch(Action onOwed)
    {
        lock (_gate)
        {
            _onOwed = onOwed;
            if (!IsEmpty) onOwed();
        }
    }

    /// <summary>Gives a request its id, in the order in which the requests leave.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public ulong Add(PendingRequest request)
    {
        lock (_gate)
        {
            BeginPending();
            _requests.Add(++_lastRequest, request);
            return _lastRequest;
        }
    }

    /// <summary>A model is going to be opened. The server owes nothing for it until it has its handle.</summary>
    public void Expect(ModelOpening opening)
    {
        lock (_gate) _unsentOpenings.Add(opening);
    }

    /// <summary>A model is not going to be opened after all; it has no handle.</summary>
    public void Forget(ModelOpening opening)
    {
        lock (_gate) _unsentOpenings.Remove(opening);
    }

    /// <summary>Gives a model its handle, in the order in which the messages leave.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public uint Add(ModelOpening opening)
    {
        lock (_gate)
        {
            BeginPending();
            _unsentOpenings.Remove(opening);
            _openings.Add(++_lastHandle, opening);
            return _lastHandle;
        }
    }

    /// <summary>Makes a ping.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public PingMessage AddPing()
    {
        lock (_gate)
        {
            BeginPending();
            var ping = new PingMessage(++_lastPing, time);
            _pings.Add(_lastPing, ping);
            return ping;
        }
    }

    /// <summary>The request that a frame answers.</summary>
    /// <exception cref="ProtocolException">There is none.</exception>
    public PendingRequest Find(FrameHeader frame)
    {
        lock (_gate)
            return _requests.GetValueOrDefault(frame.RequestId) ?? throw ProtocolException.Violation($"a {frame.Type} frame for request {frame.RequestId}, to which nothing is owed");
    }

    /// <summary>Removes a request that is answered.</summary>
    public void Remove(PendingRequest request)
    {
        lock (_gate) _requests.Remove(request.Id);
    }

    /// <summary>Removes the ping that a pong answers.</summary>
    /// <exception cref="ProtocolException">There is none.</exception>
    public PingMessage RemovePing(FrameHeader frame)
    {
        lock (_gate)
            return _pings.Remove(frame.RequestId, out var ping) ? ping : throw ProtocolException.Violation($"a pong for ping {frame.RequestId}, which was not sent");
    }

    /// <summary>Removes the opening that a frame answers.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="open">Makes the open model, which is known by its handle from now on; null where the server has refused.</param>
    /// <exception cref="ProtocolException">No model is being opened under the frame's handle.</exception>
    public (ModelOpening Opening, OpenedModel? Opened) RemoveOpening(FrameHeader frame, Func<ModelOpening, OpenedModel>? open)
    {
        lock (_gate)
        {
            if (!_openings.TryGetValue(frame.RequestId, out var opening))
                throw ProtocolException.Violation($"a {frame.Type} frame for handle {frame.RequestId}, which is not being opened");
            // Where this throws, the opening is still pending, and fails with the connection.
            var opened = open?.Invoke(opening);
            // One that nobody wants any more has been closed already.
            if (opened is not null && !opening.IsAbandoned) _opened.Add(frame.RequestId, opened);
            _openings.Remove(frame.RequestId);
            return (opening, opened);
        }
    }

    /// <summary>Removes a model that is open.</summary>
    /// <returns>The model; null where none is open under the handle, as when the client has just closed it.</returns>
    public OpenedModel? RemoveOpened(ulong handle)
    {
        lock (_gate) return _opened.Remove(handle, out var opened) ? opened : null;
    }

    /// <summary>Ends the wait for pongs and for models that are being opened, since another connection is used now. What still comes for them is no violation.</summary>
    /// <param name="error">What each is told.</param>
    public void LetGo(Func<Exception> error)
    {
        PingMessage[] pings;
        ModelOpening[] openings;
        lock (_gate) (pings, openings) = ([.. _pings.Values], [.. _openings.Values, .. _unsentOpenings]);
        foreach (var ping in pings) ping.Fail(error());
        foreach (var opening in openings) opening.LetGo(error());
    }

    /// <summary>Fails everything that is still owed. The reader must have ended.</summary>
    /// <param name="error">What is told, by whether any of an answer has come.</param>
    public void Close(Func<bool, Exception> error)
    {
        PendingRequest[] requests;
        PingMessage[] pings;
        ModelOpening[] openings;
        lock (_gate)
        {
            _isClosed = true;
            (requests, pings, openings) = ([.. _requests.Values], [.. _pings.Values], [.. _openings.Values, .. _unsentOpenings]);
            _requests.Clear();
            _pings.Clear();
            _openings.Clear();
            _unsentOpenings.Clear();
        }

        foreach (var request in requests)
            if (request.Complete(error(request.Reply.HasBegun)) is { } due) ThreadPool.UnsafeQueueUserWorkItem(due, preferLocal: false);
        foreach (var ping in pings) ping.Fail(error(false));
        foreach (var opening in openings) opening.Fail(error(false));
    }

    private void BeginPending()
    {
        if (_isClosed) throw new IOException("The connection has ended.");
        if (!IsEmpty) return;
        _pendingSince = time.GetTimestamp();
        _onOwed?.Invoke();
    }
}
