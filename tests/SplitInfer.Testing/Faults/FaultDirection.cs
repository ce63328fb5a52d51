using System.Net.Sockets;
using SplitInfer.Protocol;

namespace SplitInfer.Testing.Faults;

/// <summary>One direction of a connection through a <see cref="FaultProxy"/>. Knows where frames begin, and does at each place what the script says.</summary>
internal sealed class FaultDirection(FaultConnection connection, Socket from, Socket to, IReadOnlyList<Fault> faults, ConnectionScript script)
{
    private readonly Dictionary<FrameType, int> _seen = [];
    private readonly List<(long At, Fault Fault)> _due = [.. faults.Where(static f => f.At.IsAbsolute).Select(static f => (f.At.Offset, f))];
    private byte[] _held = [];
    private long _passed;
    private long _frameEnd;
    private long _dropUntil;
    private bool _isFrames = true;
    private (long Until, List<byte> Bytes)? _twice;

    /// <summary>Whether what comes is taken and thrown away.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Passes bytes on until the sender ends, and passes the end on.</summary>
    public async Task CarryAsync(CancellationToken stop)
    {
        var buffer = new byte[64 << 10];
        while (true)
        {
            var count = await from.ReceiveAsync(buffer, stop);
            if (count == 0) break;
            if (IsSilent)
            {
                connection.OnFired();
                continue;
            }

            _held = [.. _held, .. buffer.AsSpan(0, count)];
            await PassHeldAsync(stop);
        }

        if (IsSilent) return;
        await SendAsync(_held, stop);
        to.Shutdown(SocketShutdown.Send);
    }

    private async Task PassHeldAsync(CancellationToken stop)
    {
        while (!IsSilent)
        {
            if (_due.Count > 0 && _due.MinBy(static d => d.At) is var next && next.At <= _passed && (_held.Length > 0 || next.Fault.Kind != FaultKind.Flip))
            {
                _due.Remove(next);
                await ActAsync(next.Fault, stop);
                continue;
            }

            if (_held.Length == 0) return;
            // The start of a frame is held until it is known which frame it is.
            if (_isFrames && _passed == _frameEnd)
            {
                if (!TryReadFrame()) return;
                if (_due.Exists(d => d.At <= _passed)) continue;
            }

            var count = _isFrames ? (int)Math.Min(_held.Length, _frameEnd - _passed) : _held.Length;
            if (_due.Count > 0) count = (int)Math.Min(count, _due.Min(static d => d.At) - _passed);
            if (_twice is { } open) count = (int)Math.Min(count, open.Until - _passed);
            var piece = _held[..count];
            _held = _held[count..];
            var left = (int)Math.Clamp(_dropUntil - _passed, 0, count);
            _passed += count;
            await SendAsync(piece.AsMemory(left), stop);
            if (_twice is not { } twice) continue;
            twice.Bytes.AddRange(piece);
            if (_passed < twice.Until) continue;
            _twice = null;
            await SendAsync(twice.Bytes.ToArray(), stop);
        }
    }

    /// <summary>Reads the fixed part of a frame and finds the faults that lie in it; false where it has not come yet.</summary>
    private bool TryReadFrame()
    {
        if (_held.Length < FrameHeader.Size) return false;
        try
        {
            var frame = FrameHeader.Read(_held);
            var nth = _seen.GetValueOrDefault(frame.Type);
            _seen[frame.Type] = nth + 1;
            foreach (var fault in faults)
                if (fault.At.In(frame, nth, _passed) is { } at) _due.Add((at, fault));
            _frameEnd = _passed + FrameHeader.Size + frame.HeaderLength + frame.PayloadLength;
        }
        catch (ProtocolException)
        {
            _isFrames = false;
        }

        return true;
    }

    private async Task ActAsync(Fault fault, CancellationToken stop)
    {
        connection.OnFired();
        switch (fault.Kind)
        {
            case FaultKind.Reset:
                connection.Reset();
                throw new OperationCanceledException(stop);
            case FaultKind.Close:
                connection.End();
                throw new OperationCanceledException(stop);
            case FaultKind.Silence:
                connection.FallSilent();
                break;
            case FaultKind.SilenceOneWay:
                IsSilent = true;
                break;
            case FaultKind.Stall:
                await Task.Delay(fault.Duration, stop);
                break;
            case FaultKind.Flip:
                _held[0] ^= (byte)(1 << fault.Count);
                break;
            case FaultKind.Drop:
                _dropUntil = _passed + fault.Count;
                break;
            case FaultKind.Duplicate:
                _twice = (_passed + fault.Count, []);
                break;
            default:
                await fault.Action!();
                break;
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
        {
            var sent = await to.SendAsync(bytes[..Math.Min(script.DribbleBytes, bytes.Length)], stop);
            bytes = bytes[sent..];
            if (bytes.IsEmpty || script.DribblePause == TimeSpan.Zero) continue;
            connection.OnFired();
            await Task.Delay(script.DribblePause, stop);
        }
    }
}
