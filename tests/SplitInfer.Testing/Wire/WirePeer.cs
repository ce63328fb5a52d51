using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Testing.Wire;

/// <summary>One end of the wire under a test's control: sends any frame, well formed or not, and receives whatever comes.</summary>
internal sealed class WirePeer(Stream stream) : IDisposable
{
    private readonly StreamChannel _channel = new(stream);
    private byte[] _received = [];

    /// <summary>The bytes of a frame.</summary>
    public static byte[] Frame(FrameType type, ulong id, IMessage? header = null, ReadOnlySpan<byte> payload = default, bool isLast = true)
    {
        var headerBytes = header?.ToByteArray() ?? [];
        var frame = new byte[FrameHeader.Size + headerBytes.Length + payload.Length];
        headerBytes.CopyTo(frame, FrameHeader.Size);
        payload.CopyTo(frame.AsSpan(FrameHeader.Size + headerBytes.Length));
        new FrameHeader(type, isLast, id, headerBytes.Length, payload.Length, Crc32C.Append(0, payload)).Write(frame);
        return frame;
    }

    /// <summary>Sends a frame.</summary>
    public ValueTask SendAsync(FrameType type, ulong id, IMessage? header = null, ReadOnlyMemory<byte> payload = default, bool isLast = true) =>
        SendAsync(Frame(type, id, header, payload.Span, isLast));

    /// <summary>Sends bytes as they are.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _channel.SendAsync(bytes);

    /// <summary>Receives the next frame; null where the other end has closed the connection.</summary>
    public async Task<ReceivedFrame?> ReceiveAsync()
    {
        if (!await FillAsync(FrameHeader.Size)) return null;
        var header = FrameHeader.Read(_received);
        var length = FrameHeader.Size + header.HeaderLength;
        if (!await FillAsync(length + header.PayloadLength)) return null;
        header.Verify(_received);
        var frame = new ReceivedFrame(header, _received[FrameHeader.Size..length], _received[length..(length + header.PayloadLength)]);
        _received = _received[(length + header.PayloadLength)..];
        return frame;
    }

    /// <summary>Receives the next frame, which must be of a type.</summary>
    public async Task<ReceivedFrame> ReceiveAsync(FrameType type) => await ReceiveAsync() switch
    {
        { } frame when frame.Header.Type == type => frame,
        { } frame => throw new InvalidOperationException($"A {type} was due, and {frame} came."),
        null => throw new InvalidOperationException($"A {type} was due, and the connection ended."),
    };

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _channel.Dispose();

    private async Task<bool> FillAsync(int length)
    {
        var buffer = new byte[8192];
        while (_received.Length < length)
        {
            var count = await _channel.ReceiveAsync(buffer);
            if (count == 0) return false;
            _received = [.. _received, .. buffer.AsSpan(0, count)];
        }

        return true;
    }
}
