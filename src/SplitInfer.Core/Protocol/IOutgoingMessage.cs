using Google.Protobuf;

namespace SplitInfer.Protocol;

/// <summary>A message on its way out, frame by frame, so that frames of other messages can go between.</summary>
internal interface IOutgoingMessage
{
    /// <summary>Makes what the next frame carries, before it is this message's turn. Called by the same thread.</summary>
    void Prepare()
    {
    }

    /// <summary>Writes the next frame, or none where nothing is left to say. Called by one thread at a time.</summary>
    /// <returns>Whether another frame follows.</returns>
    bool WriteFrame(OutgoingFrame frame);
}

/// <summary>A message of one frame without payload.</summary>
internal sealed class HeaderOnlyMessage(FrameType type, ulong id, IMessage? header = null) : IOutgoingMessage
{
    public bool WriteFrame(OutgoingFrame frame)
    {
        frame.Begin(type, id, header);
        frame.End(isLast: true);
        return false;
    }
}
