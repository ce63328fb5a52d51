using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>A connected socket, which it owns. Sends the staged and the payload bytes of a frame with one call, without copying them together.</summary>
internal sealed class SocketChannel : ByteChannel
{
    // As much as the system allows up to this: what it gives by default is less than a frame, so that both ends would take turns.
    private const int UnixSendBufferBytes = 1 << 20;

    // A peer that has vanished without a word is found within a minute: 30 s of silence and three probes, 10 s apart.
    private const int KeepAliveSeconds = 30, KeepAliveIntervalSeconds = 10, KeepAliveProbes = 3;

    private readonly Socket _socket;
    private readonly ArraySegment<byte>[] _segments = new ArraySegment<byte>[2];

    public SocketChannel(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = false;
        Peer = PeerAddress.Of(socket);
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        }
        else
        {
            socket.SendBufferSize = UnixSendBufferBytes;
        }
    }

    public override PeerAddress Peer { get; }

    public override ValueTask<int> ReceiveAsync(Memory<byte> target) => _socket.ReceiveAsync(target, SocketFlags.None);

    public override int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        int sent;
        SocketError error;
        if (!second.IsEmpty && MemoryMarshal.TryGetArray(first, out _segments[0]) && MemoryMarshal.TryGetArray(second, out _segments[1]))
            sent = _socket.Send(_segments, SocketFlags.None, out error);
        else
            sent = _socket.Send(first.Span, SocketFlags.None, out error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock => 0,
            _ => throw new SocketException((int)error),
        };
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false)..];
    }

    public override void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public override void Dispose() => _socket.Dispose();
}
