using SplitInfer.Protocol.Endpoints;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>Frames both ways over one channel, which it owns, until either end stops or stalls.</summary>
internal sealed class FrameConnection : IDisposable
{
    // A frame of an error must not be overtaken by the reset that a socket sends when it is closed with bytes unread.
    private static readonly TimeSpan FinalErrorGrace = TimeSpan.FromSeconds(1);

    private readonly ByteChannel _channel;
    private readonly TimeProvider _time;
    private readonly TimeSpan _stallTimeout;
    private readonly ITimer _watch;
    private Exception? _failure;

    /// <summary>Takes over <paramref name="channel"/>.</summary>
    /// <param name="channel">What carries the bytes.</param>
    /// <param name="stallTimeout">How long the other end may not go on with what it began, nor take what it is sent.</param>
    /// <param name="time">The clock.</param>
    public FrameConnection(ByteChannel channel, TimeSpan stallTimeout, TimeProvider time)
    {
        (_channel, _stallTimeout, _time) = (channel, stallTimeout, time);
        (Reader, Writer) = (new(channel, time), new(channel, time));
        // The connection outlives the call that makes it, and must not carry that call's context along.
        using (ExecutionContext.SuppressFlow())
            _watch = time.CreateTimer(static self => ((FrameConnection)self!).Watch(), this, stallTimeout / 4, stallTimeout / 4);
    }

    public FrameReader Reader { get; }

    public FrameWriter Writer { get; }

    /// <summary>Who is at the other end.</summary>
    public PeerAddress Peer => _channel.Peer;

    /// <summary>Asked now and then whether the other end does not go on with some message, though it may with others; null where that is no concern.</summary>
    public Func<bool>? HasStalledMessage { get; set; }

    /// <summary>Why the connection was aborted; null while it was not.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Takes frames in until the connection ends; a clean end is the other end's. Nothing can be read afterwards.</summary>
    /// <exception cref="Exception">What ended it otherwise: <see cref="Failure"/>, or what was wrong with a frame.</exception>
    public async Task RunAsync(IFrameHandler handler)
    {
        try
        {
            await FrameLoop.RunAsync(Reader, handler).ConfigureAwait(false);
        }
        catch (Exception) when (Failure is { } failure)
        {
            // The reader sees a closed channel; the reason is the one that closed it.
            throw failure;
        }
        finally
        {
            Reader.Dispose();
        }
    }

    /// <summary>Closes the connection for a reason; at once, unless it is that this end needs it no more. The first reason stays.</summary>
    public void Abort(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _failure, reason, null) is not null) return;
        _watch.Dispose();
        if (reason is ObjectDisposedException) _channel.Dispose();
        else _channel.Abort();
    }

    /// <summary>Sends a last message, and gives the other end a moment to read it. The pump must have ended.</summary>
    public async Task SendFinalErrorAsync(IOutgoingMessage message)
    {
        using var scratch = TensorValue.Allocate(ElementType.UInt8, new(4096));
        await using var limit = _time.CreateTimer(static self => ((FrameConnection)self!).Dispose(), this, FinalErrorGrace, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        try
        {
            await Writer.SendAsync(message).ConfigureAwait(false);
            _channel.EndSending();
            while (await _channel.ReceiveAsync(scratch.Bytes).ConfigureAwait(false) > 0) { }
        }
        catch (Exception exception) when (IsLoss(exception))
        {
            // The other end did not wait for it.
        }
    }

    /// <summary>Whether an exception says that the channel is gone, not that something is wrong here.</summary>
    public static bool IsLoss(Exception exception) =>
        exception is IOException or System.Net.Sockets.SocketException or ObjectDisposedException or TimeoutException;

    public void Dispose()
    {
        _watch.Dispose();
        _channel.Dispose();
    }

    private void Watch()
    {
        if (Reader.Stalled >= _stallTimeout || HasStalledMessage?.Invoke() == true)
            Abort(new TimeoutException($"The other end stopped in the middle of a message for {_stallTimeout.TotalSeconds:0.###} s."));
        else if (Writer.Stalled >= _stallTimeout)
            Abort(new TimeoutException($"The other end took nothing of what it was sent for {_stallTimeout.TotalSeconds:0.###} s."));
    }
}
