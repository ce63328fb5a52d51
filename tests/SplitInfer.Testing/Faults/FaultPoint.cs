using SplitInfer.Protocol;

namespace SplitInfer.Testing.Faults;

/// <summary>A part of a frame.</summary>
internal enum FramePart
{
    /// <summary>The fixed part of the header, from the first byte of the frame.</summary>
    Fixed,

    /// <summary>The protobuf header.</summary>
    Header,

    /// <summary>The payload.</summary>
    Payload,

    /// <summary>What comes after the frame.</summary>
    End,
}

/// <summary>A place in one direction of a connection: before a byte that is counted from the start, or from a part of a frame. Immutable.</summary>
internal sealed class FaultPoint
{
    private readonly FrameType? _type;
    private readonly int _nth;
    private readonly FramePart _part;

    private FaultPoint(FrameType? type, int nth, FramePart part, long offset) => (_type, _nth, _part, Offset) = (type, nth, part, offset);

    /// <summary>Bytes from the start, or from the part of the frame.</summary>
    public long Offset { get; }

    /// <summary>Before a byte of the connection.</summary>
    public static FaultPoint Byte(long offset) => new(null, nth: 0, FramePart.Fixed, offset);

    /// <summary>Before a byte of a frame.</summary>
    /// <param name="type">The type of the frame.</param>
    /// <param name="part">From where the byte is counted.</param>
    /// <param name="offset">Which byte; may be negative.</param>
    /// <param name="nth">Which of the frames of that type, from 0.</param>
    public static FaultPoint Frame(FrameType type, FramePart part = FramePart.Fixed, long offset = 0, int nth = 0) => new(type, nth, part, offset);

    /// <summary>Where the place is, counted from the start of the connection; null where it is not in or right behind a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="nth">How many frames of its type were before.</param>
    /// <param name="start">Where the frame begins.</param>
    public long? In(FrameHeader frame, int nth, long start)
    {
        if (frame.Type != _type || nth != _nth) return null;
        return Offset + start + _part switch
        {
            FramePart.Fixed => 0,
            FramePart.Header => FrameHeader.Size,
            FramePart.Payload => FrameHeader.Size + frame.HeaderLength,
            _ => FrameHeader.Size + frame.HeaderLength + frame.PayloadLength,
        };
    }

    /// <summary>Whether the place does not depend on frames.</summary>
    public bool IsAbsolute => _type is null;
}
