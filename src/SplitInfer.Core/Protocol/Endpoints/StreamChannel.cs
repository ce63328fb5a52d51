namespace SplitInfer.Protocol.Endpoints;

/// <summary>Any duplex stream, which it owns. A frame goes out with one write.</summary>
/// <param name="stream">The stream.</param>
/// <param name="peer">Who is at the other end; null for a program on this machine.</param>
internal sealed class StreamChannel(Stream stream, PeerAddress? peer = null) : ByteChannel
{
    public override PeerAddress Peer => peer ?? base.Peer;

    public override ValueTask<int> ReceiveAsync(Memory<byte> target) => stream.ReadAsync(target);

    public override int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) => 0;

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes).ConfigureAwait(false);
        await stream.FlushAsync().ConfigureAwait(false);
    }

    // Streams have no common way to end one direction; the end of the stream says it.
    public override void EndSending() { }

    public override void Dispose() => stream.Dispose();
}
