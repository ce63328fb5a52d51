using System.Threading.Channels;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>
/// A server's side of one connection that says what a script has: the first frame when it has been greeted, the second when a model is asked for,
/// the others after a request; then it ends. A script without a model in its second place says all of the rest at once.
/// </summary>
internal sealed class ScriptedServer : ByteChannel
{
    private readonly Channel<byte[]> _said = Channel.CreateUnbounded<byte[]>();
    private readonly Queue<byte[]> _frames;
    private byte[] _piece = [];
    private int _at;

    public ScriptedServer(byte[] script)
    {
        _frames = new(FrameScript.Split(script));
        _waitsForRequest = _frames.Count > 1 && _frames.ElementAt(1) is { Length: >= FrameHeader.Size } second && second[5] == (byte)FrameType.ModelOpened;
    }

    private readonly bool _waitsForRequest;

    public override async ValueTask<int> ReceiveAsync(Memory<byte> target)
    {
        while (_at == _piece.Length)
        {
            if (!await _said.Reader.WaitToReadAsync().ConfigureAwait(false) || !_said.Reader.TryRead(out var piece)) return 0;
            (_piece, _at) = (piece, 0);
        }

        var count = Math.Min(target.Length, _piece.Length - _at);
        _piece.AsMemory(_at, count).CopyTo(target);
        _at += count;
        return count;
    }

    public override int TrySend(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) => 0;

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < FrameHeader.Size || !bytes.Span[..4].SequenceEqual("SPLT"u8)) return ValueTask.CompletedTask;
        switch ((FrameType)bytes.Span[5])
        {
            case FrameType.Hello:
                Say(1);
                break;
            case FrameType.OpenModel:
                Say(1);
                if (!_waitsForRequest) Say(int.MaxValue);
                break;
            case FrameType.Request:
                Say(int.MaxValue);
                break;
        }

        return ValueTask.CompletedTask;
    }

    public override void EndSending()
    {
    }

    public override void Dispose() => _said.Writer.TryComplete(new ObjectDisposedException(nameof(ScriptedServer)));

    private void Say(int frames)
    {
        lock (_frames)
        {
            while (frames-- > 0 && _frames.TryDequeue(out var frame)) _said.Writer.TryWrite(frame);
            if (_frames.Count == 0) _said.Writer.TryComplete();
        }
    }
}
