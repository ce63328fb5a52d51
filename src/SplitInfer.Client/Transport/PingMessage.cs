using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>A ping, timed from when it leaves.</summary>
internal sealed class PingMessage(ulong id, TimeProvider time) : IOutgoingMessage
{
    private readonly TaskCompletionSource<TimeSpan> _roundTrip = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sentAt;

    /// <summary>The time until the pong.</summary>
    public Task<TimeSpan> RoundTrip => _roundTrip.Task;

    public bool WriteFrame(OutgoingFrame frame)
    {
        frame.Begin(FrameType.Ping, id);
        _sentAt = time.GetTimestamp();
        frame.End(isLast: true);
        return false;
    }

    /// <summary>The pong has come.</summary>
    public void Complete() => _roundTrip.TrySetResult(time.GetElapsedTime(_sentAt));

    /// <summary>No pong will come.</summary>
    public void Fail(Exception error)
    {
        _roundTrip.TrySetException(error);
        // Nobody may be waiting for it.
        _ = _roundTrip.Task.Exception;
    }
}
