namespace SplitInfer.Testing.Attacks;

/// <summary>A connection of which one end takes or gives less than it should. It owns the stream.</summary>
internal sealed class UnwillingStream(Stream stream) : Stream
{
    /// <summary>Bytes that it still sends; the rest is swallowed.</summary>
    public int Sends { get; set; } = int.MaxValue;

    /// <summary>The pause before each byte that it takes; infinite where it takes none, null where it takes all that there is.</summary>
    public TimeSpan? ReadPause { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (ReadPause is not { } pause) return await stream.ReadAsync(buffer, cancellationToken);
        await Task.Delay(pause, cancellationToken);
        return await stream.ReadAsync(buffer[..1], cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var sent = buffer[..Math.Min(Sends, buffer.Length)];
        Sends -= sent.Length;
        return stream.WriteAsync(sent, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) stream.Dispose();
        base.Dispose(disposing);
    }
}
