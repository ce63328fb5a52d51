namespace SplitInfer.Client.Device;

/// <summary>Lets the device run for one frame of a stream at a time: of those that wait, the one with the lowest number comes first. Thread-safe.</summary>
internal sealed class DeviceGate
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private bool _isTaken;

    /// <summary>Waits for the device. Whoever has it leaves it with <see cref="Leave"/>.</summary>
    /// <param name="number">The number of the frame.</param>
    /// <param name="stop">Ends the wait; the device is then not taken.</param>
    public ValueTask EnterAsync(long number, CancellationToken stop)
    {
        TaskCompletionSource turn;
        lock (_gate)
        {
            if (!_isTaken)
            {
                _isTaken = true;
                return ValueTask.CompletedTask;
            }

            _waiting.Enqueue(turn = new(TaskCreationOptions.RunContinuationsAsynchronously), number);
        }

        return new(WaitAsync(turn, stop));
    }

    /// <summary>Leaves the device to the next one.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            // One that has given up stays in the queue until its turn comes.
            while (_waiting.TryDequeue(out var next, out _))
                if (next.TrySetResult()) return;
            _isTaken = false;
        }
    }

    private static async Task WaitAsync(TaskCompletionSource turn, CancellationToken stop)
    {
        using (stop.UnsafeRegister(static (turn, token) => ((TaskCompletionSource)turn!).TrySetCanceled(token), turn)) await turn.Task.ConfigureAwait(false);
    }
}
