using Microsoft.Extensions.Logging;

namespace SplitInfer.Server.Connections;

/// <summary>What the server writes to its log.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Listening at {Address}")]
    public static partial void Listening(ILogger log, Uri address);

    [LoggerMessage(Level = LogLevel.Error, Message = "The tail of partition {Partition} failed")]
    public static partial void TailFailed(ILogger log, int partition, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "A connection was refused: {Reason}")]
    public static partial void ConnectionRefused(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "A model was not opened: {Reason}")]
    public static partial void ModelRefused(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection was closed because the client broke the protocol")]
    public static partial void ProtocolBroken(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection was lost")]
    public static partial void ConnectionLost(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "A connection failed")]
    public static partial void ConnectionFailed(ILogger log, Exception exception);
}
