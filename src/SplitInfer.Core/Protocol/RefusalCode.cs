namespace SplitInfer.Protocol;

/// <summary>Why a request or a handshake was refused. The numbers are those of the wire.</summary>
public enum RefusalCode
{
    /// <summary>Something went wrong inside the other end; its log says what.</summary>
    Failed = 1,
    /// <summary>The other end does not hold a model of that name and version.</summary>
    UnknownModel = 2,
    /// <summary>The other end holds a different file under that name and version.</summary>
    ModelMismatch = 3,
    /// <summary>The other end made a different plan from the same file.</summary>
    PlanMismatch = 4,
    /// <summary>The other end speaks no version of the protocol that this one does.</summary>
    VersionMismatch = 5,
    /// <summary>There is no such partition, or it is not admissible.</summary>
    InvalidPartition = 6,
    /// <summary>The codec is unknown to the other end or not allowed there.</summary>
    CodecNotAllowed = 7,
    /// <summary>A payload did not decode, or its size is not one that the plan allows.</summary>
    InvalidPayload = 8,
    /// <summary>A size or a count is over what the other end is configured to take.</summary>
    LimitExceeded = 9,
    /// <summary>The other end has too much to do; the same request may succeed later or elsewhere.</summary>
    Busy = 10,
    /// <summary>The deadline passed, or could not be met.</summary>
    DeadlineExceeded = 11,
    /// <summary>The request was withdrawn.</summary>
    Cancelled = 12,
    /// <summary>The other end is shutting down.</summary>
    ShuttingDown = 13,
    /// <summary>What was sent breaks the protocol, so the other end closes the connection.</summary>
    ProtocolViolation = 14,
    /// <summary>The tail of this partition cannot be loaded at the other end; those of other partitions can.</summary>
    PartitionUnavailable = 15,
    /// <summary>The model is not open on this connection, or not any more. Open it again.</summary>
    ModelClosed = 16,
    /// <summary>The other end requires a key, and was given none or one that it does not know.</summary>
    Unauthorized = 17,
}
