using System.Net.Security;
using System.Runtime.CompilerServices;

namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>
/// TLS over another channel, which it owns. The first to send or receive shakes hands, so that a listener hands a connection on without waiting, and
/// whoever limits the time for the first message limits the handshake with it.
/// </summary>
/// <param name="carrier">A channel on which nothing was sent.</param>
/// <param name="party">What this end brings to the handshake.</param>
/// <param name="host">The host of the server's address.</param>
internal sealed class TlsChannel(ByteChannel carrier, TlsParty party, string host) : ByteChannel
{
    private readonly SslStream _stream = new(new ChannelStream(carrier));
    private readonly Lock _gate = new();
    private Task? _handshake;
    private volatile bool _isFounded;

    public override PeerAddress Peer => carrier.Peer;

    public override ValueTask<int> ReceiveAsync(Memory<byte> target) => _isFounded ? _stream.ReadAsync(target) : ReceiveFirstAsync(target);

    // Nothing leaves without being encrypted, for which SslStream wants all of a piece at once.
    public override int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) => 0;

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _isFounded ? _stream.WriteAsync(bytes) : SendFirstAsync(bytes);

    public override void EndSending() => _ = EndSendingAsync();

    public override void Dispose()
    {
        // What waits for the carrier ends with it; only then is nobody left inside the stream, which disposes it once more.
        carrier.Dispose();
        _stream.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveFirstAsync(Memory<byte> target)
    {
        await ShakeHandsAsync().ConfigureAwait(false);
        int received;
        try
        {
            received = await _stream.ReadAsync(target).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // With TLS 1.3 either end may be through with the handshake before the other has made up its mind.
            throw new TlsException(party.EarlyEnd, exception);
        }

        if (received == 0) throw new TlsException(party.EarlyEnd);
        _isFounded = true;
        return received;
    }

    private async ValueTask SendFirstAsync(ReadOnlyMemory<byte> bytes)
    {
        await ShakeHandsAsync().ConfigureAwait(false);
        await _stream.WriteAsync(bytes).ConfigureAwait(false);
    }

    private Task ShakeHandsAsync()
    {
        lock (_gate) return _handshake ??= party.AuthenticateAsync(_stream, host);
    }

    private async Task EndSendingAsync()
    {
        try
        {
            if (Volatile.Read(ref _handshake) is { IsCompletedSuccessfully: true }) await _stream.ShutdownAsync().ConfigureAwait(false);
            carrier.EndSending();
        }
        catch (Exception exception) when (FrameConnection.IsLoss(exception) || exception is InvalidOperationException)
        {
            // There is nobody left to be told.
        }
    }
}
