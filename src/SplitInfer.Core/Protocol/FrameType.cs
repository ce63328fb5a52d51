namespace SplitInfer.Protocol;

/// <summary>What a frame is. The numbers are those of the wire.</summary>
internal enum FrameType : byte
{
    /// <summary>Client: the versions, the model, the plan and the codecs it knows.</summary>
    Hello = 1,
    /// <summary>Server: what was agreed on, and its limits.</summary>
    Welcome = 2,
    /// <summary>Client: a boundary, or its first part.</summary>
    Request = 3,
    /// <summary>Server: the outputs of a tail, or their first part.</summary>
    Response = 4,
    /// <summary>Server: a request was refused or failed; under id 0, the connection was.</summary>
    Error = 5,
    /// <summary>Client: a request is withdrawn, and ends here if it was unfinished.</summary>
    Cancel = 6,
    /// <summary>Either: the next part of the payload of an unfinished request or response.</summary>
    Data = 7,
    /// <summary>Either: asks for a pong with the same id.</summary>
    Ping = 8,
    /// <summary>Either: answers a ping.</summary>
    Pong = 9,
    /// <summary>Server: finishes what is in flight and takes nothing new.</summary>
    GoAway = 10,
}
