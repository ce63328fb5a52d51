namespace SplitInfer.Testing.Wire;

/// <summary>One direction of a <see cref="DuplexStream"/>.</summary>
internal sealed class Lane(int capacity, int largestRead)
{
    private readonly Lock _gate = new();
    private readonly byte[] _ring = new byte[capacity];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _start;
    private int _count;
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
                var free = capacity - _count;
                while (!bytes.IsEmpty && _count < capacity)
                {
                    var room = Room((_start + _count) % capacity, capacity - _count);
                    var piece = bytes[..Math.Min(bytes.Length, room.Length)];
                    piece.Span.CopyTo(room);
                    bytes = bytes[piece.Length..];
                    _count += piece.Length;
                }

                if (free > capacity - _count) Signal();
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
                var piece = Room(_start, Math.Min(Math.Min(target.Length, largestRead), _count));
                piece.CopyTo(target.Span);
                _start = (_start + piece.Length) % capacity;
                _count -= piece.Length;
                if (piece.Length > 0) Signal();
                if (piece.Length > 0 || _isEnded) return piece.Length;
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

    /// <summary>What lies side by side from <paramref name="at"/> on, of at most so many bytes.</summary>
    private Span<byte> Room(int at, int atMost) => _ring.AsSpan(at, Math.Min(atMost, capacity - at));

    private void Signal()
    {
        _changed.SetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
