namespace SplitInfer.Testing.Wire;

/// <summary>Two streams in memory, of which each reads what the other writes. Reads and writes wait as those of a socket do.</summary>
public sealed class DuplexStream : Stream
{
    private readonly Lane _incoming;
    private readonly Lane _outgoing;

    private DuplexStream(Lane incoming, Lane outgoing) => (_incoming, _outgoing) = (incoming, outgoing);

    /// <summary>Makes a pair.</summary>
    /// <param name="capacity">Bytes that each direction holds before a write waits.</param>
    /// <param name="largestRead">Bytes that one read yields at most.</param>
    public static (DuplexStream Client, DuplexStream Server) CreatePair(int capacity = 1 << 20, int largestRead = int.MaxValue)
    {
        Lane up = new(capacity, largestRead), down = new(capacity, largestRead);
        return (new(down, up), new(up, down));
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _incoming.ReadAsync(buffer);

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _outgoing.WriteAsync(buffer);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Ends what this end writes; it may still read.</summary>
    public void EndWriting() => _outgoing.End();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _outgoing.End();
        _incoming.Close();
        base.Dispose(disposing);
    }
}
