using System.Buffers.Binary;

namespace SplitInfer.Protocol;

/// <summary>
/// The fixed part of a frame, 32 bytes, little-endian: magic u32, version u8, type u8, flags u16, request id u64,
/// header length u32, payload length u32, checksum of the payload u32, checksum of these 28 bytes and the protobuf header u32.
/// </summary>
/// <remarks>Two checksums, because a header is acted upon before its payload has come.</remarks>
internal readonly record struct FrameHeader(FrameType Type, bool EndOfMessage, ulong RequestId, int HeaderLength, int PayloadLength, uint PayloadChecksum)
{
    /// <summary>Bytes of the fixed part.</summary>
    public const int Size = 32;

    /// <summary>The most bytes that a protobuf header may have.</summary>
    public const int MaxHeaderLength = 64 << 10;

    /// <summary>The most bytes of payload that one frame may carry.</summary>
    public const int MaxPayloadLength = 1 << 20;

    /// <summary>The version of the frame layout.</summary>
    public const byte Version = 1;

    private const uint Magic = 0x544C5053; // "SPLT" as it lies in memory
    private const ushort EndOfMessageFlag = 1;
    private const int ChecksumAt = 28;

    /// <summary>Writes the fixed part in front of the protobuf header that lies there already.</summary>
    /// <param name="frame"><see cref="Size"/> bytes and then the protobuf header, <see cref="HeaderLength"/> bytes.</param>
    public void Write(Span<byte> frame)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        frame[4] = Version;
        frame[5] = (byte)Type;
        BinaryPrimitives.WriteUInt16LittleEndian(frame[6..], EndOfMessage ? EndOfMessageFlag : (ushort)0);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[8..], RequestId);
        BinaryPrimitives.WriteInt32LittleEndian(frame[16..], HeaderLength);
        BinaryPrimitives.WriteInt32LittleEndian(frame[20..], PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[24..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[ChecksumAt..], ChecksumOf(frame, HeaderLength));
    }

    /// <summary>Reads the fixed part far enough to know how long the protobuf header is. Nothing may be acted upon before <see cref="Verify"/>.</summary>
    /// <exception cref="ProtocolException">It is not the start of a frame of this protocol, or a length is over the limits.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> frame)
    {
        // A TLS handshake, or the alert that ends one.
        if (frame[0] is 0x15 or 0x16 && frame[1] == 3)
            throw new ProtocolException("The other end speaks TLS, and this end does not. Use tls:// at both ends, or tcp:// at both; over WebSockets, wss:// or ws://.");
        if (IsHttp(frame))
            throw new ProtocolException("The other end speaks HTTP, and this end does not. Use ws://HOST:PORT/PATH at both ends, or tcp:// at both; with TLS, wss:// or tls://.");
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
            throw new ProtocolException("The other end does not speak the SplitInfer protocol. Check that the address is that of a SplitInfer server and that no proxy is between.");
        if (frame[4] != Version)
            throw new ProtocolException($"The other end frames its messages by version {frame[4]} of the protocol, this end by {Version}. Use releases of SplitInfer that go together.");
        var headerLength = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]);
        var payloadLength = BinaryPrimitives.ReadUInt32LittleEndian(frame[20..]);
        if (headerLength > MaxHeaderLength || payloadLength > MaxPayloadLength)
            throw ProtocolException.Violation($"a frame states {headerLength} bytes of header and {payloadLength} of payload, over {MaxHeaderLength} and {MaxPayloadLength}");
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(frame[6..]);
        if ((flags & ~EndOfMessageFlag) != 0) throw ProtocolException.Violation($"a frame has the unknown flags {flags:X4}");
        return new((FrameType)frame[5], flags != 0, BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]),
            (int)headerLength, (int)payloadLength, BinaryPrimitives.ReadUInt32LittleEndian(frame[24..]));
    }

    /// <summary>Checks the whole header, fixed part and protobuf, after which it can be acted upon.</summary>
    /// <param name="frame"><see cref="Size"/> bytes and then the protobuf header, <see cref="HeaderLength"/> bytes.</param>
    /// <exception cref="ProtocolException">It was damaged, or the type does not go with the rest.</exception>
    public void Verify(ReadOnlySpan<byte> frame)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame[ChecksumAt..]) != ChecksumOf(frame, HeaderLength))
            throw ProtocolException.Damaged("the header of a frame");
        var isWellFormed = Type switch
        {
            FrameType.Hello or FrameType.Welcome or FrameType.Error or FrameType.GoAway => PayloadLength == 0 && EndOfMessage,
            FrameType.OpenModel or FrameType.ModelOpened or FrameType.ModelRefused => PayloadLength == 0 && EndOfMessage && RequestId is > 0 and <= uint.MaxValue,
            FrameType.CloseModel => HeaderLength == 0 && PayloadLength == 0 && EndOfMessage && RequestId is > 0 and <= uint.MaxValue,
            FrameType.Request or FrameType.Response => true,
            FrameType.Data => HeaderLength == 0 && PayloadLength > 0,
            FrameType.Cancel or FrameType.Ping or FrameType.Pong => HeaderLength == 0 && PayloadLength == 0 && EndOfMessage,
            _ => throw ProtocolException.Violation($"a frame is of the unknown type {(byte)Type}"),
        };
        if (!isWellFormed) throw ProtocolException.Violation($"a {Type} frame has the id {RequestId}, {HeaderLength} bytes of header and {PayloadLength} of payload, and is {(EndOfMessage ? "the last" : "not the last")} of its message");
    }

    // Answers, the requests of browsers and health checks, and the preface of HTTP/2.
    private static bool IsHttp(ReadOnlySpan<byte> start) =>
        start.StartsWith("HTTP/"u8) || start.StartsWith("GET "u8) || start.StartsWith("HEAD "u8) || start.StartsWith("POST "u8) || start.StartsWith("PUT "u8) ||
        start.StartsWith("OPTIONS "u8) || start.StartsWith("CONNECT "u8) || start.StartsWith("PRI * HTTP/"u8);

    private static uint ChecksumOf(ReadOnlySpan<byte> frame, int headerLength) =>
        Crc32C.Append(Crc32C.Append(0, frame[..ChecksumAt]), frame.Slice(Size, headerLength));
}
