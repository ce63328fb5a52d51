using Microsoft.Extensions.Logging;

namespace SplitInfer.Client.Servers;

/// <summary>Whether one server of a client can be used. Immutable.</summary>
/// <param name="Name">What the options call it, or its address.</param>
/// <param name="IsUsable">Whether requests may use it now. A policy that learns does not use a server before it has answered for the first time.</param>
/// <param name="Failure">Why it cannot be used, as last seen; null where it answers or was not asked yet.</param>
public sealed record ServerStatus(string Name, bool IsUsable, Exception? Failure);

/// <summary>A server has become usable or unusable.</summary>
/// <param name="status">What it is now.</param>
public sealed class ServerStatusChangedEventArgs(ServerStatus status) : EventArgs
{
    /// <summary>What the server is now.</summary>
    public ServerStatus Status => status;
}

/// <summary>Tells the application, and its log, when servers become usable or unusable. Thread-safe.</summary>
/// <param name="logger">The client's log.</param>
internal sealed class ServerStatusNews(ILogger logger)
{
    /// <summary>Raised on the thread that found out; handlers should return soon.</summary>
    public event EventHandler<ServerStatusChangedEventArgs>? Changed;

    /// <summary>The client that raises the event; null while it is being created.</summary>
    public object? Sender { get; set; }

    /// <summary>Passes a change on. Never throws.</summary>
    public void Report(ServerStatus status)
    {
        if (status.IsUsable) ClientLog.ServerUsable(logger, status.Name);
        else ClientLog.ServerUnusable(logger, status.Name, status.Failure?.Message ?? "It does not answer.");
        try
        {
            Changed?.Invoke(Sender, new(status));
        }
#pragma warning disable CA1031 // A handler's error must not end a request or a ping.
        catch (Exception error)
#pragma warning restore CA1031
        {
            ClientLog.HandlerFailed(logger, error, status.Name);
        }
    }
}

/// <summary>What a client logs.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(1, LogLevel.Information, "Server {Server} can be used", EventName = "ServerUsable")]
    public static partial void ServerUsable(ILogger logger, string server);

    [LoggerMessage(2, LogLevel.Warning, "Server {Server} cannot be used; the device or another server does its work meanwhile. {Reason}", EventName = "ServerUnusable")]
    public static partial void ServerUnusable(ILogger logger, string server, string reason);

    [LoggerMessage(3, LogLevel.Error, "A handler of the status of server {Server} failed", EventName = "HandlerFailed")]
    public static partial void HandlerFailed(ILogger logger, Exception error, string server);

    [LoggerMessage(4, LogLevel.Warning, "{Warning}", EventName = "Warned")]
    public static partial void Warning(ILogger logger, string warning);

    [LoggerMessage(5, LogLevel.Information, "Model {Model} is ready: {Arms} arms, policy {Policy}, {Servers} servers", EventName = "Ready")]
    public static partial void Ready(ILogger logger, string model, int arms, string policy, int servers);
}
