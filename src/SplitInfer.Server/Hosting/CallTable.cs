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
    private int _taken;
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
            if (_taken == 0) _idle.TrySetResult();
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
        }

        foreach (var call in calls)
        {
            if (call.IsArriving) End(call);
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
            // The connection failed, or a codec in the middle of a reply, which cannot be taken back; the reader is told, and ends it.
            connection.Abort(exception);
        }

        End(call);
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
        var call = Take(id);
        reader.UnfinishedMessages++;
        call.Refusal = _isClosing ? Refusal.ShuttingDown : _admission.Admit(call, header);
        return await ReceiveAsync(call, reader).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> ReceiveAsync(TailCall call, FrameReader reader)
    {
        if (call.Refusal is null)
        {
            await reader.ReadPayloadAsync(call.Payload).ConfigureAwait(false);
            if (call.Payload.Failure is { } failure) call.Fail(failure, server.Log);
            else if (call.Stop.IsCancellationRequested) call.Refusal = Refusal.Late;
        }
        else
        {
            await reader.SkipPayloadAsync().ConfigureAwait(false);
        }

        if (reader.Frame.EndOfMessage)
        {
            reader.UnfinishedMessages--;
            call.IsArriving = false;
            call.StageBegan = server.Time.GetTimestamp();
            if (call.Refusal is null) return call;
        }

        await RefuseAsync(call).ConfigureAwait(false);
        return null;
    }

    /// <summary>Tells the client of a refusal, once; it may be sending the rest of the request still.</summary>
    private async ValueTask RefuseAsync(TailCall call)
    {
        if (call.Refusal is not { } refusal) return;
        var (id, isAnswered) = (call.Id, call.IsAnswered);
        call.IsAnswered = true;
        // The client may send its next request as soon as it sees the refusal, so the place must be free by then.
        if (call.IsArriving) call.ReleaseBoundary();
        else End(call);
        if (!isAnswered) await connection.Writer.SendAsync(HeaderOnlyMessage.Error(id, refusal.Code, refusal.Message)).ConfigureAwait(false);
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

    private TailCall Take(ulong id)
    {
        lock (_gate)
        {
            if (_inFlight.Count >= server.Limits.MaxInFlightPerConnection)
                throw ProtocolException.Violation($"request {id} is over the {server.Limits.MaxInFlightPerConnection} that may be in flight");
            _taken++;
            var call = _resting.TryPop(out var rested) ? rested : new(this);
            call.Begin(id);
            _inFlight.Add(id, call);
            return call;
        }
    }

    /// <summary>Lets go of a call, which may then be used again.</summary>
    private void End(TailCall call)
    {
        call.Release();
        lock (_gate)
        {
            _inFlight.Remove(call.Id);
            _resting.Push(call);
            _taken--;
            if (_isClosing && _taken == 0) _idle.TrySetResult();
        }
    }
}
