using Google.Protobuf;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>
/// Where one frame after the other is put together: the headers and small parts are staged in a block of its own, a large
/// part is sent from where it lies. What the channel does not take at once is copied, so that a message may release its
/// payload as soon as <see cref="End"/> returns, however slow the other end is.
/// </summary>
internal sealed class OutgoingFrame(ByteChannel channel)
{
    /// <summary>The most bytes of payload in one frame. Small enough for others to take turns, large enough that their number does not matter.</summary>
    public const int MaxPayloadBytes = 256 << 10;

    private const int MaxBytes = FrameHeader.Size + FrameHeader.MaxHeaderLength + MaxPayloadBytes;

    // Below this a copy costs less than one more segment to send.
    private const int SmallestUncopied = 8 << 10;

    private TensorBuffer? _block;
    private FrameHeader _header;
    private int _staged;
    private ReadOnlyMemory<byte> _uncopied;

    /// <summary>What <see cref="End"/> left to be sent.</summary>
    public ReadOnlyMemory<byte> Unsent { get; private set; }

    /// <summary>Whether the frame carries part of a payload.</summary>
    public bool HasPayload => _header.PayloadLength > 0;

    /// <summary>Starts a frame.</summary>
    public void Begin(FrameType type, ulong id, IMessage? header = null)
    {
        _block ??= TensorBufferPool.Shared.Rent(MaxBytes);
        var headerLength = header?.CalculateSize() ?? 0;
        if (headerLength > FrameHeader.MaxHeaderLength)
            throw new TailRefusedException(RefusalCode.LimitExceeded, $"The header of a {type} frame would be {headerLength} bytes, over {FrameHeader.MaxHeaderLength}. Choose a partition that fewer values cross.");
        header?.WriteTo(_block.Memory.Span.Slice(FrameHeader.Size, headerLength));
        _header = new(type, false, id, headerLength, 0, 0);
        _staged = FrameHeader.Size + headerLength;
    }

    /// <summary>Adds as much of <paramref name="payload"/> as the frame has room for.</summary>
    public void Add(OutgoingPayload payload)
    {
        while (payload.Take(MaxPayloadBytes - _header.PayloadLength) is { IsEmpty: false } piece)
        {
            _header = _header with
            {
                PayloadLength = _header.PayloadLength + piece.Length,
                PayloadChecksum = Crc32C.Append(_header.PayloadChecksum, piece.Span),
            };
            if (piece.Length >= SmallestUncopied)
            {
                _uncopied = piece;
                break;
            }

            piece.CopyTo(_block!.Memory[_staged..]);
            _staged += piece.Length;
        }
    }

    /// <summary>Completes the frame and sends what the channel takes at once; the rest is <see cref="Unsent"/>.</summary>
    public void End(bool isLast)
    {
        var block = _block!.Memory;
        (_header with { EndOfMessage = isLast }).Write(block.Span);
        var sent = channel.TrySend(block[.._staged], _uncopied);
        _uncopied[Math.Clamp(sent - _staged, 0, _uncopied.Length)..].CopyTo(block[Math.Max(sent, _staged)..]);
        Unsent = block[sent..(_staged + _uncopied.Length)];
        _uncopied = default;
    }

    /// <summary>Returns the block to the pool until the next frame; nothing may be unsent.</summary>
    public void ReturnToPool()
    {
        Unsent = default;
        _block?.Release();
        _block = null;
    }
}
