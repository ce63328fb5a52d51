using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>Bytes that have all come already, in pieces, with the end behind them. What is sent is counted and thrown away.</summary>
internal sealed class SilentChannel(byte[] incoming, int pieceBytes) : ByteChannel
{
    private int _at;
    private bool _isClosed;

    /// <summary>What was sent, as far as it is the start of a frame: its type.</summary>
    public Action<ReadOnlyMemory<byte>>? OnSend { get; init; }

    /// <summary>What the end waits for, so that what was begun may come to something.</summary>
    public Func<Task> OnEnd { get; init; } = static () => Task.CompletedTask;

    public override async ValueTask<int> ReceiveAsync(Memory<byte> target)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_at == incoming.Length) await OnEnd().ConfigureAwait(false);
        var count = Math.Min(Math.Min(target.Length, pieceBytes), incoming.Length - _at);
        incoming.AsMemory(_at, count).CopyTo(target);
        _at += count;
        return count;
    }

    public override int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) => 0;

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        OnSend?.Invoke(bytes);
        return ValueTask.CompletedTask;
    }

    public override void EndSending()
    {
    }

    public override void Dispose() => _isClosed = true;
}
