using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>A request that carries tensors, whatever they are.</summary>
internal sealed class TensorsMessage : IOutgoingMessage
{
    private readonly ulong _id;
    private readonly OutgoingPayload _payload = new();
    private bool _hasBegun;

    public TensorsMessage(ulong id, ITensorCodec codec, params TensorValue[] tensors)
    {
        _id = id;
        _payload.Open(codec, tensors);
    }

    public void Prepare() => _payload.Prepare();

    public bool WriteFrame(OutgoingFrame frame)
    {
        frame.Begin(_hasBegun ? FrameType.Data : FrameType.Request, _id, _hasBegun ? null : new RequestHeader());
        _hasBegun = true;
        frame.Add(_payload);
        frame.End(_payload.IsTaken);
        return !_payload.IsTaken;
    }
}
