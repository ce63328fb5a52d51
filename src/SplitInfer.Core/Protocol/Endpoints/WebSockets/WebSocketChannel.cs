using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace SplitInfer.Protocol.Endpoints.WebSockets;

/// <summary>
/// The binary messages of a WebSocket, which it owns, as one stream of bytes: where messages begin and end means nothing. Disposing says goodbye and waits
/// a moment, in the background, for the other end to do so too.
/// </summary>
/// <param name="socket">Connected, and neither sent to nor received from.</param>
/// <param name="peer">Who is at the other end; null for a program on this machine.</param>
/// <param name="overhead">Counts what comes beside payload; null where the other end is trusted not to flood this one.</param>
internal sealed class WebSocketChannel(WebSocket socket, PeerAddress? peer = null, WebSocketOverhead? overhead = null) : ByteChannel
{
    // A peer that is there answers a close at once; one that has gone never does.
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(1);

    private const int ScratchBytes = 4096;

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _receiverGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebSocketCloseStatus _status = WebSocketCloseStatus.NormalClosure;
    private bool _isReceiving;
    private bool _isClosing;

    public override PeerAddress Peer => peer ?? base.Peer;

    /// <summary>Done once the channel was disposed of and nothing is left of it. Never fails.</summary>
    public Task Closed => _closed.Task;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReceiveAsync(Memory<byte> target)
    {
        if (target.IsEmpty) return 0;
        BeginReceive();
        overhead?.Begin(target.Length);
        try
        {
            // Messages may be empty; that is not the end.
            ValueWebSocketReceiveResult received;
            do received = await socket.ReceiveAsync(target, CancellationToken.None).ConfigureAwait(false);
            while (received is { MessageType: WebSocketMessageType.Binary, Count: 0 });
            // What comes after a goodbye is of no use to anyone, and the answer to it is not the other end's own.
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _isClosing), this);
            overhead?.Deliver(received.Count);
            if (received.MessageType != WebSocketMessageType.Text) return received.Count;
            _status = WebSocketCloseStatus.InvalidMessageType;
            throw ProtocolException.Violation("a text message came over the WebSocket, where all messages are binary");
        }
        catch (Exception exception) when (IsOfSocket(exception))
        {
            throw Translate(exception);
        }
        finally
        {
            EndReceive();
        }
    }

    // A WebSocket takes a message whole.
    public override int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) => 0;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfSocket(exception))
        {
            throw Translate(exception);
        }
    }

    public override void EndSending() => _ = EndSendingAsync();

    public override void Abort()
    {
        socket.Abort();
        Dispose();
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            if (_isClosing) return;
            _isClosing = true;
            if (!_isReceiving) _receiverGone.SetResult();
        }

        _ = CloseAsync();
    }

    private void BeginReceive()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosing, this);
            _isReceiving = true;
        }
    }

    private void EndReceive()
    {
        lock (_gate)
        {
            _isReceiving = false;
            if (_isClosing) _receiverGone.TrySetResult();
        }
    }

    private async Task EndSendingAsync()
    {
        try
        {
            await socket.CloseOutputAsync(_status, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfSocket(exception) || FrameConnection.IsLoss(exception))
        {
            // There is nobody left to be told.
        }
    }

    private async Task CloseAsync()
    {
        using var limit = new CancellationTokenSource(CloseGrace);
        await using (limit.Token.UnsafeRegister(static s => ((WebSocket)s!).Abort(), socket).ConfigureAwait(false))
        {
            try
            {
                if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived) await EndSendingAsync().ConfigureAwait(false);
                // Whoever still receives sees what comes next, the answer perhaps; a socket has one receiver at a time.
                await _receiverGone.Task.ConfigureAwait(false);
                var scratch = socket.State == WebSocketState.CloseSent ? new byte[ScratchBytes] : [];
                while (socket.State == WebSocketState.CloseSent) await socket.ReceiveAsync(scratch.AsMemory(), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsOfSocket(exception) || FrameConnection.IsLoss(exception))
            {
                // It was lost before it was closed.
            }
        }

        socket.Dispose();
        _closed.SetResult();
    }

    // A socket that was aborted under a call ends it with one or the other.
    private static bool IsOfSocket(Exception exception) => exception is WebSocketException or OperationCanceledException or InvalidOperationException;

    private static Exception Translate(Exception exception) => exception switch
    {
        { InnerException: ProtocolException flood } => flood,
        WebSocketException { WebSocketErrorCode: WebSocketError.Faulted } => ProtocolException.Violation($"it does not keep to WebSockets ({exception.Message.TrimEnd('.')})", exception),
        ObjectDisposedException => exception,
        WebSocketException => new IOException(exception.Message, exception),
        _ => new IOException("The WebSocket was closed.", exception),
    };
}
