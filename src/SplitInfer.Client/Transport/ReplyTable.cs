using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>What the server still owes on one connection: the welcome, replies, models that are being opened, and pongs. Takes in the server's frames.</summary>
/// <param name="owner">The connection.</param>
/// <param name="outputSizes">Sizes of the outputs that are accepted.</param>
/// <param name="time">The clock.</param>
internal sealed class ReplyTable(ServerConnection owner, SizeLimits outputSizes, TimeProvider time) : IFrameHandler
{
    /// <summary>What <see cref="OwedSince"/> is while nothing is owed.</summary>
    public const long NothingOwed = long.MaxValue;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ServerCall> _calls = [];
    private readonly Dictionary<ulong, PingMessage> _pings = [];
    private readonly Dictionary<ulong, ModelOpening> _openings = [];
    private readonly Dictionary<ulong, OpenedModel> _opened = [];
    private readonly HeaderParser<ResponseHeader> _parser = new(new(), Headers.Clear);
    private long _owedSince;
    private ulong _lastCall;
    private ulong _lastPing;
    private uint _lastHandle;
    private RemoteLoad _load;
    private bool _isClosed;

    /// <summary>Since when something has been owed without a pause, as a timestamp.</summary>
    public long OwedSince
    {
        get { lock (_gate) return IsNothingOwed ? NothingOwed : _owedSince; }
    }

    /// <summary>How busy the server last said it was.</summary>
    public RemoteLoad Load
    {
        get { lock (_gate) return _load; }
    }

    private bool IsNothingOwed => _calls.Count + _openings.Count + _pings.Count == 0;

    /// <summary>Gives a call its number, in the order in which the requests leave.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public ulong Add(ServerCall call)
    {
        lock (_gate)
        {
            BeginOwing();
            _calls.Add(++_lastCall, call);
            return _lastCall;
        }
    }

    /// <summary>Gives a model its handle, in the order in which the messages leave.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public uint Add(ModelOpening opening)
    {
        lock (_gate)
        {
            BeginOwing();
            _openings.Add(++_lastHandle, opening);
            return _lastHandle;
        }
    }

    /// <summary>Forgets a model that is closed.</summary>
    public void Forget(uint handle)
    {
        lock (_gate) _opened.Remove(handle);
    }

    /// <summary>Makes a ping.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public PingMessage AddPing()
    {
        lock (_gate)
        {
            BeginOwing();
            var ping = new PingMessage(++_lastPing, time);
            _pings.Add(_lastPing, ping);
            return ping;
        }
    }

    /// <summary>Tells all that wait that nothing more will come. The reader must have ended.</summary>
    public void Close(Func<Exception> error)
    {
        lock (_gate) _isClosed = true;
        foreach (var call in _calls.Values)
            if (call.Answer(error()) is { } due) ThreadPool.UnsafeQueueUserWorkItem(due, preferLocal: false);
        foreach (var ping in _pings.Values) ping.Fail(error());
        foreach (var opening in _openings.Values) opening.Fail(error());
        _calls.Clear();
        _pings.Clear();
        _openings.Clear();
    }

    public ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader) => owner.Terms is null
        ? new(BeGreeted(reader))
        : reader.Frame.Type switch
        {
            FrameType.Response => ReceiveAsync(BeginReply(reader), reader),
            FrameType.Data => ReceiveAsync(Find(reader.Frame), reader),
            FrameType.Error => new(Refuse(reader)),
            FrameType.ModelOpened => new(CompleteOpening(reader.Frame)),
            FrameType.ModelRefused => new(RefuseOpening(reader)),
            FrameType.Pong => new(AnswerPing(reader.Frame)),
            FrameType.Ping => SendPongAsync(reader.Frame),
            FrameType.GoAway => new(GoAway(reader)),
            _ => throw ProtocolException.Violation($"a {reader.Frame.Type} frame came from the server"),
        };

    private IThreadPoolWorkItem? BeGreeted(FrameReader reader)
    {
        switch (reader.Frame.Type)
        {
            case FrameType.Welcome:
                var welcome = Headers.Parse(Welcome.Parser, reader.Header);
                Note(welcome.Load);
                owner.BeWelcomed(welcome);
                return null;
            case FrameType.Error:
                throw Refusals.Read(Headers.Parse(ErrorHeader.Parser, reader.Header));
            default:
                throw ProtocolException.Violation($"the server's first frame is a {reader.Frame.Type}");
        }
    }

    private ServerCall BeginReply(FrameReader reader)
    {
        var call = Find(reader.Frame);
        if (call.Reply.HasBegun) throw ProtocolException.Violation($"a second response to request {call.Id}");
        var header = _parser.Parse(reader.Header);
        Note(header.Load);
        call.Reply.Begin(header, call.Outputs, owner.Terms!.Codecs, outputSizes);
        reader.UnfinishedMessages++;
        return call;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> ReceiveAsync(ServerCall call, FrameReader reader)
    {
        if (!await call.Reply.ReceiveAsync(reader).ConfigureAwait(false)) return null;
        reader.UnfinishedMessages--;
        Remove(call.Id);
        return call.Answer(null);
    }

    private IThreadPoolWorkItem? Refuse(FrameReader reader)
    {
        var header = Headers.Parse(ErrorHeader.Parser, reader.Header);
        Note(header.Load);
        var refusal = Refusals.Read(header);
        if (reader.Frame.RequestId == 0) throw refusal;
        var call = Find(reader.Frame);
        if (call.Reply.HasBegun) throw ProtocolException.Violation($"an error in the middle of response {call.Id}");
        Remove(call.Id);
        return call.Answer(refusal);
    }

    private IThreadPoolWorkItem? AnswerPing(FrameHeader frame)
    {
        PingMessage? ping;
        lock (_gate)
            if (!_pings.Remove(frame.RequestId, out ping)) throw ProtocolException.Violation($"a pong for ping {frame.RequestId}, which was not sent");
        ping.Answer();
        return null;
    }

    private IThreadPoolWorkItem? CompleteOpening(FrameHeader frame)
    {
        ModelOpening opening;
        OpenedModel opened;
        lock (_gate)
        {
            opening = FindOpening(frame);
            opened = new(owner, (uint)frame.RequestId, opening.Model);
            _opened.Add(frame.RequestId, opened);
        }

        opening.Complete(opened);
        owner.EndOpening();
        return null;
    }

    private IThreadPoolWorkItem? RefuseOpening(FrameReader reader)
    {
        var header = Headers.Parse(ErrorHeader.Parser, reader.Header);
        Note(header.Load);
        ModelOpening opening;
        lock (_gate) opening = FindOpening(reader.Frame);
        opening.Fail(opening.Model.Refused(header));
        owner.EndOpening();
        return null;
    }

    private ModelOpening FindOpening(FrameHeader frame) =>
        _openings.Remove(frame.RequestId, out var opening) ? opening : throw ProtocolException.Violation($"a {frame.Type} frame for handle {frame.RequestId}, which is not being opened");

    private IThreadPoolWorkItem? GoAway(FrameReader reader)
    {
        Headers.Parse(Protocol.Messages.GoAway.Parser, reader.Header);
        var handle = reader.Frame.RequestId;
        if (handle == 0)
        {
            owner.Leave();
            return null;
        }

        // A handle that was closed meanwhile crosses it.
        lock (_gate)
            if (_opened.Remove(handle, out var opened)) opened.MarkClosed();
        return null;
    }

    private void Note(Load? load)
    {
        if (load is null) return;
        lock (_gate) _load = RemoteLoad.Read(load);
    }

    private void BeginOwing()
    {
        if (_isClosed) throw Closed();
        if (IsNothingOwed) _owedSince = time.GetTimestamp();
    }

    private async ValueTask<IThreadPoolWorkItem?> SendPongAsync(FrameHeader ping)
    {
        await owner.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Pong, ping.RequestId)).ConfigureAwait(false);
        return null;
    }

    private ServerCall Find(FrameHeader frame)
    {
        lock (_gate)
            return _calls.GetValueOrDefault(frame.RequestId) ?? throw ProtocolException.Violation($"a {frame.Type} frame for request {frame.RequestId}, to which nothing is owed");
    }

    private void Remove(ulong id)
    {
        lock (_gate) _calls.Remove(id);
    }

    private static IOException Closed() => new("The connection has ended.");
}
