using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace SplitInfer.Protocol.Endpoints;

/// <summary>A connected socket, which it owns. Sends the staged and the payload bytes of a frame with one call, without copying them together.</summary>
internal sealed class SocketChannel : ByteChannel
{
    private readonly Socket _socket;
    private readonly ArraySegment<byte>[] _segments = new ArraySegment<byte>[2];

    public SocketChannel(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = false;
        if (socket.ProtocolType == ProtocolType.Tcp) socket.NoDelay = true;
    }

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

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None).ConfigureAwait(false)..];
    }

    public override void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public override void Dispose() => _socket.Dispose();
}
