namespace SplitInfer.Protocol;

/// <summary>What a frame is. The numbers are those of the wire.</summary>
internal enum FrameType : byte
{
    /// <summary>Client: the versions and the codecs that it knows.</summary>
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
    /// <summary>Server: under id 0, finishes what is in flight and takes nothing new; under a handle, the model was replaced and is to be opened anew.</summary>
    GoAway = 10,
    /// <summary>Client: opens a model under the handle that is the frame's id.</summary>
    OpenModel = 11,
    /// <summary>Server: the model is open.</summary>
    ModelOpened = 12,
    /// <summary>Client: sends no more requests for a handle.</summary>
    CloseModel = 13,
    /// <summary>Server: the model is not opened; the header is that of an <see cref="Error"/>.</summary>
    ModelRefused = 14,
}
