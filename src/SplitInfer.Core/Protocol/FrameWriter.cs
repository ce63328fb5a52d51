using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Protocol;

/// <summary>Sends messages over one channel. Those sent at the same time take turns, frame by frame, in the order in which they came.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A disposed semaphore leaves its waiters waiting for ever; it holds no handle.")]
internal sealed class FrameWriter(ByteChannel channel, TimeProvider time)
{
    // Small enough for a slow link to show progress, large enough that their number does not matter.
    private const int PieceBytes = 64 << 10;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly OutgoingFrame _frame = new(channel);
    private long _waitingSince = long.MaxValue;
    private long _roomMadeAt = time.GetTimestamp();

    /// <summary>How long the other end has not taken the next piece of the frame that is on its way; zero where none is waiting.</summary>
    public TimeSpan Stalled =>
        Volatile.Read(ref _waitingSince) is var since && since == long.MaxValue ? TimeSpan.Zero : time.GetElapsedTime(since);

    /// <summary>When the other end last made room for payload that had to wait, as a timestamp; at first, when the writer was made. What a buffer takes at once says nothing of the other end, and neither does a small frame.</summary>
    public long RoomMadeAt => Volatile.Read(ref _roomMadeAt);

    /// <summary>Sends a message. No token: a frame that has begun must end, or nothing after it could be read.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask SendAsync(IOutgoingMessage message)
    {
        for (var more = true; more;)
        {
            // The channel still carries what went before, and others may take their turn.
            message.Prepare();
            await _turn.WaitAsync().ConfigureAwait(false);
            try
            {
                more = message.WriteFrame(_frame);
                if (!_frame.Unsent.IsEmpty) await SendRestAsync().ConfigureAwait(false);
                _frame.ReturnToPool();
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRestAsync()
    {
        Volatile.Write(ref _waitingSince, time.GetTimestamp());
        for (var rest = _frame.Unsent; !rest.IsEmpty;)
        {
            var piece = rest[..Math.Min(PieceBytes, rest.Length)];
            var sending = channel.SendAsync(piece);
            // Some channels take nothing but this way, also while a buffer has room for all of it.
            var hadToWait = !sending.IsCompleted;
            await sending.ConfigureAwait(false);
            rest = rest[piece.Length..];
            // Whoever takes piece after piece is slow, and not stalled.
            Volatile.Write(ref _waitingSince, time.GetTimestamp());
            if (hadToWait && _frame.HasPayload) Volatile.Write(ref _roomMadeAt, time.GetTimestamp());
        }

        Volatile.Write(ref _waitingSince, long.MaxValue);
    }
}
