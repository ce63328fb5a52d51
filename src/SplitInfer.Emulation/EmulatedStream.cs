using System.Buffers;
using System.Threading.Channels;

namespace SplitInfer.Emulation;

/// <summary>One connection over an emulated link. One reader and one writer at a time.</summary>
internal sealed class EmulatedStream : Stream
{
    private const int ReceiveBytes = 8 << 10;

    /// <summary>Pieces on their way before the sender is held up: 1 s of delay at 50 Mbit/s.</summary>
    private const int PiecesOnTheWay = 768;

    private readonly Stream _inner;
    private readonly EmulatedLink _link;
    private readonly LinkDirection _up;
    private readonly LinkDirection _down;
    private readonly TimeProvider _time;
    private readonly Channel<Piece> _onTheWay = Channel.CreateBounded<Piece>(new BoundedChannelOptions(PiecesOnTheWay) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _end = new();
    private Piece _piece;
    private int _taken;

    public EmulatedStream(Stream inner, EmulatedLink link, LinkDirection up, LinkDirection down, TimeProvider time)
    {
        (_inner, _link, _up, _down, _time) = (inner, link, up, down, time);
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(ReceiveAsync);
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_taken == _piece.Length && !await NextPieceAsync(cancellationToken).ConfigureAwait(false)) return 0;
        var count = Math.Min(buffer.Length, _piece.Length - _taken);
        _piece.Buffer.AsMemory(_taken, count).CopyTo(buffer);
        _taken += count;
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var piece = buffer[..Math.Min(buffer.Length, _up.PieceBytes)];
            await UntilEndAsync(stop => _up.PassAsync(piece.Length, stop), cancellationToken).ConfigureAwait(false);
            await _inner.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            buffer = buffer[piece.Length..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    public override void Flush() => _inner.Flush();

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
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<bool> NextPieceAsync(CancellationToken cancellationToken)
    {
        if (_piece.Buffer is { } read) ArrayPool<byte>.Shared.Return(read);
        (_piece, _taken) = (default, 0);
        // Throws what ended the connection, where that was a failure.
        if (!await _onTheWay.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) || !_onTheWay.Reader.TryRead(out var piece)) return false;
        var wait = Math.Round((_link.Conditions.RoundTrip - _time.GetElapsedTime(piece.Arrived)).TotalMilliseconds);
        if (wait > 0) await UntilEndAsync(stop => new(Task.Delay(TimeSpan.FromMilliseconds(wait), _time, stop)), cancellationToken).ConfigureAwait(false);
        _piece = piece;
        return true;
    }

    /// <summary>Takes in what the real connection brings, as fast as the link does.</summary>
    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(ReceiveBytes);
                var count = await _inner.ReadAsync(buffer.AsMemory(0, Math.Min(ReceiveBytes, _down.PieceBytes)), _end.Token).ConfigureAwait(false);
                if (count == 0) break;
                await _down.PassAsync(count, _end.Token).ConfigureAwait(false);
                await _onTheWay.Writer.WriteAsync(new(buffer, count, _time.GetTimestamp()), _end.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            failure = _end.IsCancellationRequested ? new ObjectDisposedException(nameof(EmulatedStream)) : error;
        }

        _onTheWay.Writer.Complete(failure);
    }

    /// <summary>Waits, and no longer than the stream lives.</summary>
    private async ValueTask UntilEndAsync(Func<CancellationToken, ValueTask> wait, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_end.IsCancellationRequested, this);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, cancellationToken);
        try
        {
            await wait(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(EmulatedStream));
        }
    }

    private readonly record struct Piece(byte[] Buffer, int Length, long Arrived);
}
