using Google.Protobuf;
using SplitInfer.Protocol;

namespace SplitInfer.Testing.Wire;

/// <summary>A frame that a <see cref="WirePeer"/> received.</summary>
internal sealed record ReceivedFrame(FrameHeader Header, byte[] HeaderBytes, byte[] Payload)
{
    /// <summary>The protobuf header.</summary>
    public T Read<T>(MessageParser<T> parser) where T : IMessage<T> => parser.ParseFrom(HeaderBytes);

    /// <summary>What the frame is, for messages.</summary>
    public override string ToString() => Header.Type is FrameType.Error or FrameType.ModelRefused
        ? $"{Header.Type} {Header.RequestId}: {Read(Protocol.Messages.ErrorHeader.Parser)}"
        : Header.ToString();
}
