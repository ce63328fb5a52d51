using SplitInfer.Protocol;
using SplitInfer.Protocol.Endpoints;
using SplitInfer.Protocol.Endpoints.Tls;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.Client.Transport;

/// <summary>What callers are told of a connection that could not be made or has ended. Each is told by an exception of its own, since a stack trace belongs to one.</summary>
internal static class ConnectionLoss
{
    /// <summary>There is no connection. Where what answers has closed it, as a proxy does whose server has just gone, another attempt may find another server.</summary>
    /// <param name="address">The server's address.</param>
    /// <param name="reason">Why not.</param>
    public static Exception NotConnected(string address, Exception reason) => TryCopy(reason)
        ?? (reason is TlsException insecure ? new ServerUnreachableException($"No secure connection to {address}: {insecure.Message}", insecure) : null)
        ?? (reason is UpgradeException refused ? new ServerUnreachableException($"No WebSocket to {address}: {refused.Message}", refused) : null)
        ?? (PeerClosing.IsReasonOf(reason) ? new ServerUnreachableException($"What answers at {address} closed the connection before it said anything. {(IsPlainTcp(address) ? "A server that speaks TLS there does so: use tls:// in place of tcp://. Else check" : "Check")} that a SplitInfer server listens there, and what its log says.", reason) { MayBeRepeated = true, NeverBegan = true } : null)
        ?? new ServerUnreachableException($"No server can be reached at {address}: {reason.Message.TrimEnd('.')}. Check that a SplitInfer server runs there, that the address and the port are right, with tls:// where the server expects it, and that no firewall is between.", reason);

    /// <summary>There was one.</summary>
    /// <param name="address">The server's address.</param>
    /// <param name="reason">What ended it.</param>
    /// <param name="hasAnswerBegun">Whether a part of what the caller waits for has come.</param>
    public static Exception Lost(string address, Exception reason, bool hasAnswerBegun) => TryCopy(reason)
        ?? new ServerUnreachableException($"The connection to {address} was lost: {reason.Message.TrimEnd('.')}. Send the request again, which connects anew; if it happens again, look at the server's log.", reason) { MayBeRepeated = !hasAnswerBegun && reason is not ObjectDisposedException };

    /// <summary>No answer came in the time that connecting may take.</summary>
    public static TimeoutException Silence(TimeSpan limit) => new($"no answer came within {limit.TotalSeconds:0.###} s");

    private static bool IsPlainTcp(string address) => address.StartsWith("tcp://", StringComparison.Ordinal);

    private static Exception? TryCopy(Exception reason) => reason switch
    {
        TailRefusedException refused => Refusals.Copy(refused),
        ProtocolException broken => new ProtocolException(broken.Message, broken),
        ServerUnreachableException unreachable => new ServerUnreachableException(unreachable.Message, unreachable),
        _ => null,
    };
}
