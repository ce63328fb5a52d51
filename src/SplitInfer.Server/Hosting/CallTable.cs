using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Server.Hosting;

/// <summary>The requests of one connection that are in flight: neither wholly received nor answered. Takes in the client's frames.</summary>
internal sealed class CallTable(FrameConnection connection, Agreement agreement, ServerContext server) : IFrameHandler
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, TailCall> _inFlight = [];
    private readonly Stack<TailCall> _resting = [];
    private readonly HeaderParser<RequestHeader> _parser = new(new(), Headers.Clear);
    private readonly RequestAdmission _admission = new(agreement, server);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _lastId;
    private int _running;
    private volatile bool _isClosing;

    /// <summary>What the handshake settled.</summary>
    public Agreement Agreement => agreement;

    /// <summary>The server's allowance of bytes.</summary>
    public HeldBytes Held => server.Held;

    /// <summary>Takes no more requests.</summary>
    /// <returns>Done once none is in flight.</returns>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosing = true;
            if (_inFlight.Count == 0 && _running == 0) _idle.TrySetResult();
        }

        return _idle.Task;
    }

    /// <summary>Stops what is in flight. The reader must have ended.</summary>
    /// <returns>Done once nothing runs.</returns>
    public Task StopAsync()
    {
        TailCall[] calls;
        lock (_gate)
        {
            calls = [.. _inFlight.Values];
            foreach (var call in calls)
                if (call.IsArriving) _inFlight.Remove(call.Id);
        }

        foreach (var call in calls)
        {
            if (call.IsArriving) call.Release();
            else call.Withdraw(call.Stop);
        }

        return CloseAsync();
    }

    public ValueTask<IThreadPoolWorkItem?> TakeInAsync(FrameReader reader) => reader.Frame.Type switch
    {
        FrameType.Request => BeginAsync(reader),
        FrameType.Data => ReceiveAsync(Find(reader.Frame.RequestId) is { IsArriving: true } call
            ? call
            : throw ProtocolException.Violation($"data for {reader.Frame.RequestId}, of which no more is due"), reader),
        FrameType.Cancel => CancelAsync(reader),
        FrameType.Ping => SayAsync(new HeaderOnlyMessage(FrameType.Pong, reader.Frame.RequestId)),
        _ => throw ProtocolException.Violation($"a {reader.Frame.Type} frame came from a client"),
    };

    /// <summary>Answers a request and lets go of it.</summary>
    public async Task AnswerAsync(TailCall call)
    {
        try
        {
            await server.Pipeline.AnswerAsync(call).ConfigureAwait(false);
            await connection.Writer.SendAsync(call).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Nothing but the connection can fail here; its reader is told, and ends it.
            connection.Abort(exception);
        }

        Remove(call);
        call.Release();
        lock (_gate)
        {
            _resting.Push(call);
            _running--;
            if (_isClosing && _inFlight.Count == 0 && _running == 0) _idle.TrySetResult();
        }
    }

    /// <summary>Ends the flight of a call; the client may send another.</summary>
    public void Remove(TailCall call)
    {
        lock (_gate) _inFlight.Remove(call.Id);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> BeginAsync(FrameReader reader)
    {
        var id = reader.Frame.RequestId;
        if (id <= _lastId) throw ProtocolException.Violation($"request id {id} came after {_lastId}");
        _lastId = id;
        var header = _parser.Parse(reader.Header);
        long bytes = 0;
        foreach (var length in header.PartLengths) bytes += length;
        if (bytes > server.Limits.Sizes.MaxBytes)
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"A request of {bytes} bytes is over the {server.Limits.Sizes.MaxBytes} that the server takes. Choose a partition with a smaller boundary, or a codec that compresses more.");
        var call = Take(id, bytes);
        reader.UnfinishedMessages++;
        call.Refusal = _isClosing ? Refusal.ShuttingDown : _admission.Admit(call, header);
        return await ReceiveAsync(call, reader).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> ReceiveAsync(TailCall call, FrameReader reader)
    {
        var frame = reader.Frame;
        if (frame.PayloadLength > call.BytesLeft || frame.EndOfMessage != (frame.PayloadLength == call.BytesLeft))
            throw ProtocolException.Violation($"request {call.Id} does not have the length that its header states");
        if (call.Refusal is null) await reader.ReadPayloadAsync(call.Payload).ConfigureAwait(false);
        else await reader.SkipPayloadAsync().ConfigureAwait(false);
        call.BytesLeft -= frame.PayloadLength;
        if (frame.EndOfMessage)
        {
            reader.UnfinishedMessages--;
            call.IsArriving = false;
            if (call.Refusal is null) return Run(call);
        }

        await RefuseAsync(call).ConfigureAwait(false);
        return null;
    }

    /// <summary>Tells the client of a refusal, once; it may be sending the rest of the request still.</summary>
    private async ValueTask RefuseAsync(TailCall call)
    {
        if (call.Refusal is not { } refusal) return;
        if (!call.IsArriving)
        {
            Remove(call);
            lock (_gate) _resting.Push(call);
        }

        if (call.IsAnswered) return;
        call.IsAnswered = true;
        await connection.Writer.SendAsync(HeaderOnlyMessage.Error(call.Id, refusal.Code, refusal.Message)).ConfigureAwait(false);
    }

    private async ValueTask<IThreadPoolWorkItem?> CancelAsync(FrameReader reader)
    {
        var id = reader.Frame.RequestId;
        if (id == 0 || id > _lastId) throw ProtocolException.Violation($"request {id} was withdrawn before it was made");
        CancellationTokenSource? stop;
        TailCall? call;
        lock (_gate) stop = (call = _inFlight.GetValueOrDefault(id))?.Stop;
        if (call is { IsArriving: true })
        {
            reader.UnfinishedMessages--;
            call.IsArriving = false;
            call.Refusal ??= Refusal.Cancelled;
            call.Release();
            await RefuseAsync(call).ConfigureAwait(false);
        }
        else if (stop is not null)
        {
            call!.Withdraw(stop);
        }

        // Else the reply has left already, and crosses the withdrawal.
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> SayAsync(HeaderOnlyMessage message)
    {
        await connection.Writer.SendAsync(message).ConfigureAwait(false);
        return null;
    }

    private TailCall? Find(ulong id)
    {
        lock (_gate) return _inFlight.GetValueOrDefault(id);
    }

    private TailCall Take(ulong id, long bytes)
    {
        lock (_gate)
        {
            if (_inFlight.Count >= server.Limits.MaxInFlightPerConnection)
                throw ProtocolException.Violation($"request {id} is over the {server.Limits.MaxInFlightPerConnection} that may be in flight");
            var call = _resting.TryPop(out var rested) ? rested : new(this);
            call.Begin(id, bytes);
            _inFlight.Add(id, call);
            return call;
        }
    }

    private TailCall Run(TailCall call)
    {
        lock (_gate) _running++;
        call.StageBegan = server.Time.GetTimestamp();
        return call;
    }
}
