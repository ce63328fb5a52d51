using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>The reply to one request on its way out: the outputs, of which one slab is encoded while the one before travels, or an error. Reused with its request.</summary>
internal sealed class OutgoingReply(ServerRequest request, RequestTable owner) : IOutgoingMessage
{
    private readonly OutgoingPayload _payload = new();
    private bool _hasBegun;

    /// <summary>The header of a reply with outputs.</summary>
    public ResponseHeader Header { get; } = new() { Load = new() };

    /// <summary>Payload bytes that were handed over to be sent.</summary>
    public long Sent => _payload.Taken;

    /// <summary>Encodes the first of the outputs, which must live and not change until the reply is sent or <see cref="Clear"/>.</summary>
    public void Open(ITensorCodec codec, ReadOnlyMemory<TensorValue> outputs)
    {
        _payload.Open(codec, outputs);
        _payload.Prepare();
    }

    public void Prepare() => _payload.Prepare();

    public bool WriteFrame(OutgoingFrame frame)
    {
        if (request.Refusal is { } refusal)
        {
            owner.Remove(request);
            return LoadReport.Error(request.Id, refusal, owner.Scheduler, owner.Client).WriteFrame(frame);
        }

        if (_hasBegun)
        {
            frame.Begin(FrameType.Data, request.Id);
        }
        else
        {
            LoadReport.Fill(Header.Load, owner.Scheduler.LoadFor(owner.Client.Machine, owner.Client.Number));
            frame.Begin(FrameType.Response, request.Id, Header);
            _hasBegun = true;
        }

        frame.Add(_payload);
        // The client may send its next request as soon as it sees the end of the reply, so there must be room for it by then, but no sooner: replies
        // that are not read would pile up.
        if (_payload.IsTaken) owner.Remove(request);
        frame.End(_payload.IsTaken);
        return !_payload.IsTaken;
    }

    /// <summary>Releases the outputs and what was made of them, so that an error or another reply can be sent.</summary>
    public void Clear()
    {
        _payload.Clear();
        Headers.Clear(Header);
        _hasBegun = false;
    }
}
