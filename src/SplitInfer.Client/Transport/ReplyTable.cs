using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>What the server still owes on one connection: replies and pongs. Takes in the server's frames.</summary>
/// <param name="connection">The connection.</param>
/// <param name="terms">What the handshake settled.</param>
/// <param name="outputSizes">Sizes of the outputs that are accepted.</param>
/// <param name="goAway">Called when the server wants no new requests.</param>
internal sealed class ReplyTable(FrameConnection connection, ServerTerms terms, SizeLimits outputSizes, Action goAway) : IFrameHandler
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ServerCall> _calls = [];
    private readonly Dictionary<ulong, PingMessage> _pings = [];
    private readonly HeaderParser<ResponseHeader> _parser = new(new(), Headers.Clear);
    private ulong _lastCall;
    private ulong _lastPing;
    private bool _isClosed;

    /// <summary>Gives a call its number, in the order in which the requests leave.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public ulong Add(ServerCall call)
    {
        lock (_gate)
        {
            if (_isClosed) throw Closed();
            _calls.Add(++_lastCall, call);
            return _lastCall;
        }
    }

    /// <summary>Makes a ping.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public PingMessage AddPing(TimeProvider time)
    {
        lock (_gate)
        {
            if (_isClosed) throw Closed();
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
        _calls.Clear();
        _pings.Clear();
    }

    public ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader) => reader.Frame.Type switch
    {
        FrameType.Response => ReceiveAsync(BeginReply(reader), reader),
        FrameType.Data => ReceiveAsync(Find(reader.Frame), reader),
        FrameType.Error => new(Refuse(reader)),
        FrameType.Pong => new(AnswerPing(reader.Frame)),
        FrameType.Ping => SendPongAsync(reader.Frame),
        FrameType.GoAway => new(GoAway()),
        _ => throw ProtocolException.Violation($"a {reader.Frame.Type} frame came from the server"),
    };

    private ServerCall BeginReply(FrameReader reader)
    {
        var call = Find(reader.Frame);
        if (call.Reply.HasBegun) throw ProtocolException.Violation($"a second response to request {call.Id}");
        call.Reply.Begin(_parser.Parse(reader.Header), terms.Layouts.Outputs(call.Partition), terms.Codecs, outputSizes);
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
        var refusal = ClientHandshake.Refused(Headers.Parse(ErrorHeader.Parser, reader.Header));
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

    private IThreadPoolWorkItem? GoAway()
    {
        goAway();
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> SendPongAsync(FrameHeader ping)
    {
        await connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Pong, ping.RequestId)).ConfigureAwait(false);
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
