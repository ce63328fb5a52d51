namespace SplitInfer.Cli.Benchmarks;

/// <summary>What connections of a client meet on their way: nothing passes for a while, or all are cut. Thread-safe.</summary>
internal sealed class LinkFaults
{
    private readonly Lock _gate = new();
    private readonly HashSet<FaultyStream> _streams = [];
    private TaskCompletionSource? _silence;

    /// <summary>From now on nothing passes, in either direction, until <see cref="Speak"/>. What is sent meanwhile is not lost.</summary>
    public void Silence()
    {
        lock (_gate) _silence ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Everything passes again.</summary>
    public void Speak()
    {
        TaskCompletionSource? ended;
        lock (_gate) (ended, _silence) = (_silence, null);
        ended?.SetResult();
    }

    /// <summary>Cuts all connections that there are.</summary>
    public void Cut()
    {
        FaultyStream[] all;
        lock (_gate) all = [.. _streams];
        foreach (var stream in all) stream.Dispose();
    }

    /// <summary>A connection that meets this.</summary>
    /// <param name="connection">The real one. The returned stream owns it.</param>
    public Stream Wrap(Stream connection)
    {
        var stream = new FaultyStream(connection, this);
        lock (_gate) _streams.Add(stream);
        return stream;
    }

    private async ValueTask UntilHeardAsync(CancellationToken cancellationToken)
    {
        Task? silence;
        lock (_gate) silence = _silence?.Task;
        if (silence is not null) await silence.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Remove(FaultyStream stream)
    {
        lock (_gate) _streams.Remove(stream);
    }

    private sealed class FaultyStream(Stream inner, LinkFaults faults) : Stream
    {
        private readonly CancellationTokenSource _end = new();

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => UntilEndAsync(async stop =>
        {
            var count = await inner.ReadAsync(buffer, stop).ConfigureAwait(false);
            await faults.UntilHeardAsync(stop).ConfigureAwait(false);
            return count;
        }, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => await UntilEndAsync(async stop =>
        {
            await faults.UntilHeardAsync(stop).ConfigureAwait(false);
            await inner.WriteAsync(buffer, stop).ConfigureAwait(false);
            return 0;
        }, cancellationToken).ConfigureAwait(false);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use ReadAsync.");

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use WriteAsync.");

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                // Not disposed: what waits may look at it later, and it holds nothing.
                _end.Cancel();
                inner.Dispose();
                faults.Remove(this);
            }

            base.Dispose(disposing);
        }

        private async ValueTask<int> UntilEndAsync(Func<CancellationToken, ValueTask<int>> transfer, CancellationToken cancellationToken)
        {
            if (_end.IsCancellationRequested) throw new IOException("The connection was cut.");
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, cancellationToken);
            try
            {
                return await transfer(either.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException && _end.IsCancellationRequested)
            {
                throw new IOException("The connection was cut.", error);
            }
        }
    }
}
