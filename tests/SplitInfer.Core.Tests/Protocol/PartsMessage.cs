using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>A request that carries parts, whatever they are.</summary>
internal sealed class PartsMessage : IOutgoingMessage
{
    private readonly ulong _id;
    private readonly OutgoingPayload _payload = new();
    private bool _hasBegun;

    public PartsMessage(ulong id, params byte[][] parts)
    {
        _id = id;
        Header = new() { PartLengths = { parts.Select(static p => (uint)p.Length) } };
        _payload.Open(parts.Select(static p => (ReadOnlyMemory<byte>)p).ToArray());
    }

    public RequestHeader Header { get; }

    public bool WriteFrame(OutgoingFrame frame)
    {
        frame.Begin(_hasBegun ? FrameType.Data : FrameType.Request, _id, _hasBegun ? null : Header);
        _hasBegun = true;
        frame.Add(_payload);
        frame.End(_payload.Left == 0);
        return _payload.Left > 0;
    }
}
