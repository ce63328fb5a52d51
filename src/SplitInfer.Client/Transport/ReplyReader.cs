using System.Runtime.CompilerServices;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>Handles the frames that the server sends. One frame at a time.</summary>
/// <param name="connection">The connection.</param>
/// <param name="pending">What the server owes.</param>
/// <param name="outputSizes">Sizes of the outputs that are accepted.</param>
internal sealed class ReplyReader(ServerConnection connection, PendingReplies pending, SizeLimits outputSizes) : IFrameHandler
{
    private readonly HeaderParser<ResponseHeader> _parser = new(new(), Headers.Clear);

    public ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader) => connection.Terms is null
        ? new(ReadWelcome(reader))
        : reader.Frame.Type switch
        {
            FrameType.Response => ReceiveAsync(BeginReply(reader), reader),
            FrameType.Data => ReceiveAsync(pending.Find(reader.Frame), reader),
            FrameType.Error => new(ReadError(reader)),
            FrameType.ModelOpened => new(CompleteOpening(reader)),
            FrameType.ModelRefused => new(RefuseOpening(reader)),
            FrameType.Pong => new(CompletePing(reader.Frame)),
            FrameType.Ping => SendPongAsync(reader.Frame),
            FrameType.GoAway => new(Drain(reader)),
            _ => throw ProtocolException.Violation($"a {reader.Frame.Type} frame came from the server"),
        };

    private IThreadPoolWorkItem? ReadWelcome(FrameReader reader)
    {
        switch (reader.Frame.Type)
        {
            case FrameType.Welcome:
                var welcome = Headers.Parse(Welcome.Parser, reader.Header);
                connection.CompleteHandshake(welcome);
                return null;
            case FrameType.Error:
                throw Refusals.Read(Headers.Parse(ErrorHeader.Parser, reader.Header));
            default:
                throw ProtocolException.Violation($"the server's first frame is a {reader.Frame.Type}");
        }
    }

    private PendingRequest BeginReply(FrameReader reader)
    {
        var request = pending.Find(reader.Frame);
        if (request.Reply.HasBegun) throw ProtocolException.Violation($"a second response to request {request.Id}");
        var header = _parser.Parse(reader.Header);
        // The caller need not wait for the rest of what is wrong already.
        if (request.Reply.Begin(header, request.Outputs, connection.Terms!.Codecs, outputSizes) is { } tooLarge) request.Fail(tooLarge);
        reader.UnfinishedMessages++;
        return request;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<IThreadPoolWorkItem?> ReceiveAsync(PendingRequest request, FrameReader reader)
    {
        if (!await request.Reply.ReceiveAsync(reader).ConfigureAwait(false)) return null;
        reader.UnfinishedMessages--;
        pending.Remove(request);
        return request.Complete(null);
    }

    private IThreadPoolWorkItem? ReadError(FrameReader reader)
    {
        var header = Headers.Parse(ErrorHeader.Parser, reader.Header);
        var refusal = Refusals.Read(header);
        if (reader.Frame.RequestId == 0) throw refusal;
        var request = pending.Find(reader.Frame);
        if (request.Reply.HasBegun) throw ProtocolException.Violation($"an error in the middle of response {request.Id}");
        pending.Remove(request);
        return request.Complete(refusal);
    }

    private IThreadPoolWorkItem? CompletePing(FrameHeader frame)
    {
        pending.RemovePing(frame).Complete();
        return null;
    }

    private IThreadPoolWorkItem? CompleteOpening(FrameReader reader)
    {
        var handle = (uint)reader.Frame.RequestId;
        var message = Headers.Parse(ModelOpened.Parser, reader.Header);
        var (opening, opened) = pending.RemoveOpening(reader.Frame, o => new(connection, handle, o.Model, o.Model.ReadTails(message), message.Description));
        opening.Complete(opened!);
        connection.Slots.EndOpening();
        return null;
    }

    private IThreadPoolWorkItem? RefuseOpening(FrameReader reader)
    {
        var header = Headers.Parse(ErrorHeader.Parser, reader.Header);
        var (opening, _) = pending.RemoveOpening(reader.Frame, null);
        opening.Fail(opening.Model.Refused(header));
        connection.Slots.EndOpening();
        return null;
    }

    private IThreadPoolWorkItem? Drain(FrameReader reader)
    {
        Headers.Parse(GoAway.Parser, reader.Header);
        var handle = reader.Frame.RequestId;
        if (handle == 0) connection.Slots.Drain();
        else if (pending.RemoveOpened(handle) is { } replaced) connection.Slots.Drain(replaced);
        return null;
    }

    private async ValueTask<IThreadPoolWorkItem?> SendPongAsync(FrameHeader ping)
    {
        await connection.Writer.SendAsync(new HeaderOnlyMessage(FrameType.Pong, ping.RequestId)).ConfigureAwait(false);
        return null;
    }
}
