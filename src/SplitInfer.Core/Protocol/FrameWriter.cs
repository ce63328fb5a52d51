using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Protocol;

/// <summary>Sends messages over one channel. Those sent at the same time take turns, frame by frame, in the order in which they came.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A disposed semaphore leaves its waiters waiting for ever; it holds no handle.")]
internal sealed class FrameWriter(ByteChannel channel, TimeProvider time)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly OutgoingFrame _frame = new(channel);
    private long _waitingSince = long.MaxValue;

    /// <summary>How long the other end has not taken the frame that is on its way; zero where none is waiting.</summary>
    public TimeSpan Stalled =>
        Volatile.Read(ref _waitingSince) is var since && since == long.MaxValue ? TimeSpan.Zero : time.GetElapsedTime(since);

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
        await channel.SendAsync(_frame.Unsent).ConfigureAwait(false);
        Volatile.Write(ref _waitingSince, long.MaxValue);
    }
}
