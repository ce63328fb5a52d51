namespace SplitInfer.Testing.Wire;

/// <summary>One direction of a <see cref="DuplexStream"/>.</summary>
internal sealed class Lane(int capacity, int largestRead)
{
    private readonly Lock _gate = new();
    private readonly Queue<byte> _bytes = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isEnded;
    private bool _isClosed;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Task changed;
            lock (_gate)
            {
                if (_isEnded || _isClosed) throw new IOException("The other end is closed.");
                var count = Math.Min(bytes.Length, capacity - _bytes.Count);
                foreach (var one in bytes.Span[..count]) _bytes.Enqueue(one);
                bytes = bytes[count..];
                if (count > 0) Signal();
                changed = _changed.Task;
            }

            if (!bytes.IsEmpty) await changed;
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> target)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                var count = Math.Min(Math.Min(target.Length, largestRead), _bytes.Count);
                for (var at = 0; at < count; at++) target.Span[at] = _bytes.Dequeue();
                if (count > 0) Signal();
                if (count > 0 || _isEnded) return count;
                changed = _changed.Task;
            }

            await changed;
        }
    }

    /// <summary>Nothing more will be written.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isEnded = true;
            Signal();
        }
    }

    /// <summary>Nothing more will be read.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Signal();
        }
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
