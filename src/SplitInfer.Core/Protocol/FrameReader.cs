using System.Runtime.CompilerServices;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Tensors;

namespace SplitInfer.Protocol;

/// <summary>
/// Receives frames over one channel. Headers and small payloads come through a buffer of its own, the bulk of a payload goes
/// straight to where it is needed. One caller at a time.
/// </summary>
internal sealed class FrameReader(ByteChannel channel, TimeProvider time) : IDisposable
{
    private const int InitialBytes = 8 << 10;
    private const int SmallestDirect = 4 << 10;
    private const int SkippedBytes = 256 << 10;

    // A peer that sends less payload than this within the stall timeout counts as stalled, or a byte now and then would do for ever.
    internal const int PaceBytes = 16 << 10;

    // A peer that sends tiny frames without end always leaves something to read, and its reader would never give back the thread.
    private const int FramesATurn = 64;

    private TensorBuffer _block = TensorBufferPool.Shared.Rent(InitialBytes);
    private int _start;
    private int _end;
    private int _headerAt;
    private int _payloadLeft;
    private int _framesOfTurn;
    private int _sincePace;
    private long _waitingSince = long.MaxValue;
    private long _receivedAt = time.GetTimestamp();

    /// <summary>The frame whose header was read last.</summary>
    public FrameHeader Frame { get; private set; }

    /// <summary>The protobuf header of <see cref="Frame"/>; valid until its payload is read.</summary>
    public ReadOnlySpan<byte> Header => _block.Memory.Span.Slice(_headerAt, Frame.HeaderLength);

    /// <summary>Messages of which some frames have come and some not; kept by whoever puts them together.</summary>
    public int UnfinishedMessages
    {
        get;
        set
        {
            field = value;
            if (value == 0) EndWait();
        }
    }

    /// <summary>The pace of the message whose payload is read, which is told of bytes as they come; null where nobody asks for it.</summary>
    public MessagePace? Pace { get; set; }

    /// <summary>How long something that was begun has not gone on; zero where nothing is due.</summary>
    public TimeSpan Stalled =>
        Volatile.Read(ref _waitingSince) is var since && since == long.MaxValue ? TimeSpan.Zero : time.GetElapsedTime(since);

    /// <summary>When bytes last came, as a timestamp; at first, when the reader was made.</summary>
    public long ReceivedAt => Volatile.Read(ref _receivedAt);

    private int Buffered => _end - _start;

    private bool IsUnderWay => UnfinishedMessages > 0 || Buffered > 0 || _payloadLeft > 0;

    /// <summary>Reads up to the payload of the next frame, which must then be read or skipped.</summary>
    /// <returns>False where the other end has ended the connection between two frames.</returns>
    /// <exception cref="ProtocolException">What came is not a frame, or was damaged or cut off.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadFrameAsync()
    {
        if (++_framesOfTurn > FramesATurn)
        {
            _framesOfTurn = 0;
            await Task.Yield();
        }

        while (Buffered < FrameHeader.Size)
        {
            if (AddReceived(await ReceiveAsync(BufferRoom(FrameHeader.Size)).ConfigureAwait(false))) continue;
            return IsUnderWay ? throw CutOff() : false;
        }

        var frame = FrameHeader.Read(_block.Memory.Span[_start.._end]);
        var length = FrameHeader.Size + frame.HeaderLength;
        while (Buffered < length)
            if (!AddReceived(await ReceiveAsync(BufferRoom(length)).ConfigureAwait(false))) throw CutOff();
        frame.Verify(_block.Memory.Span.Slice(_start, length));
        Frame = frame;
        _headerAt = _start + FrameHeader.Size;
        _start += length;
        _payloadLeft = frame.PayloadLength;
        // Beside a message that is unfinished, frames without payload are no progress, or a ping now and then would keep it for ever.
        if (_payloadLeft == 0 && UnfinishedMessages == 0) EndWait();
        return true;
    }

    /// <summary>Reads the payload of the frame to where <paramref name="payload"/> has room; what is beyond is skipped, and the payload says why.</summary>
    /// <exception cref="ProtocolException">It was damaged or cut off.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadPayloadAsync(IncomingPayload payload)
    {
        uint checksum = 0;
        while (payload.Room(_payloadLeft) is { IsEmpty: false } room)
        {
            if (Buffered == 0 && room.Length < SmallestDirect && !AddReceived(await ReceiveAsync(BufferRoom(1)).ConfigureAwait(false))) throw CutOff();
            var taken = Buffered > 0 ? TakeBuffered(room) : RecordReceived(await ReceiveAsync(room).ConfigureAwait(false));
            if (taken == 0) throw CutOff();
            checksum = Crc32C.Append(checksum, room.Span[..taken]);
            RecordProgress(taken);
            payload.Advance(taken);
            _payloadLeft -= taken;
        }

        var beyond = _payloadLeft;
        await SkipAsync(checksum).ConfigureAwait(false);
        payload.EndFrame(Frame.EndOfMessage, beyond);
    }

    /// <summary>Reads the payload of the frame without keeping it.</summary>
    /// <exception cref="ProtocolException">It was damaged or cut off.</exception>
    public ValueTask SkipPayloadAsync() => SkipAsync(0);

    /// <summary>Returns the buffer to the pool. Nothing may be reading.</summary>
    public void Dispose() => _block.Release();

    /// <summary>Skips the rest of the payload, and checks its checksum, of which the start is given.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SkipAsync(uint checksum)
    {
        TensorBuffer? scratch = null;
        try
        {
            while (_payloadLeft > 0)
            {
                if (Buffered == 0 && _payloadLeft >= SmallestDirect)
                {
                    // What is refused must not cost a call for each few bytes.
                    scratch ??= TensorBufferPool.Shared.Rent(Math.Min(_payloadLeft, SkippedBytes));
                    var room = scratch.Memory[..Math.Min(_payloadLeft, scratch.Memory.Length)];
                    var received = RecordReceived(await ReceiveAsync(room).ConfigureAwait(false));
                    if (received == 0) throw CutOff();
                    checksum = Crc32C.Append(checksum, room.Span[..received]);
                    RecordProgress(received);
                    _payloadLeft -= received;
                    continue;
                }

                if (Buffered == 0 && !AddReceived(await ReceiveAsync(BufferRoom(1)).ConfigureAwait(false))) throw CutOff();
                var taken = Math.Min(Buffered, _payloadLeft);
                checksum = Crc32C.Append(checksum, _block.Memory.Span.Slice(_start, taken));
                RecordProgress(taken);
                _start += taken;
                _payloadLeft -= taken;
            }
        }
        finally
        {
            scratch?.Release();
        }

        if (checksum != Frame.PayloadChecksum) throw ProtocolException.Damaged("a payload");
        if (UnfinishedMessages == 0) EndWait();
    }

    private int TakeBuffered(Memory<byte> room)
    {
        var taken = Math.Min(Buffered, room.Length);
        _block.Memory.Slice(_start, taken).CopyTo(room);
        _start += taken;
        return taken;
    }

    /// <summary>Where the buffer has room, for at least what is missing of <paramref name="needed"/> bytes from the first one not taken.</summary>
    private Memory<byte> BufferRoom(int needed)
    {
        if (Buffered == 0) Rewind(needed);
        if (_start + needed > _block.Capacity)
        {
            var block = needed > _block.Capacity ? TensorBufferPool.Shared.Rent(needed) : _block;
            _block.Memory[_start.._end].CopyTo(block.Memory);
            (_end, _start) = (Buffered, 0);
            if (block != _block) _block.Release();
            _block = block;
        }

        return _block.Memory[_end..];
    }

    /// <summary>Starts again at the beginning of the buffer, which goes back to its usual size: a header that needed more is seldom followed by another.</summary>
    private void Rewind(int needed)
    {
        _start = _end = 0;
        if (_block.Capacity <= InitialBytes || needed > InitialBytes) return;
        _block.Release();
        _block = TensorBufferPool.Shared.Rent(InitialBytes);
    }

    private bool AddReceived(int received)
    {
        _end += RecordReceived(received);
        return received > 0;
    }

    private ValueTask<int> ReceiveAsync(Memory<byte> target)
    {
        if (IsUnderWay && _waitingSince == long.MaxValue) Volatile.Write(ref _waitingSince, time.GetTimestamp());
        var receiving = channel.ReceiveAsync(target);
        // Others have the thread meanwhile.
        if (!receiving.IsCompleted) _framesOfTurn = 0;
        return receiving;
    }

    private int RecordReceived(int bytes)
    {
        Volatile.Write(ref _receivedAt, time.GetTimestamp());
        return bytes;
    }

    private void RecordProgress(int payloadBytes)
    {
        Pace?.Record(payloadBytes, _receivedAt);
        _sincePace += payloadBytes;
        if (_sincePace >= PaceBytes) EndWait();
    }

    private void EndWait()
    {
        _sincePace = 0;
        Volatile.Write(ref _waitingSince, long.MaxValue);
    }

    private static ProtocolException CutOff() =>
        new("The connection ended in the middle of a message. Look at the log of the other end; the request may be sent again.") { IsCutOff = true };
}
