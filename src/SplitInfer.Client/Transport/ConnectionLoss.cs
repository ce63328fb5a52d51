using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>What callers are told of a connection that could not be made or has ended. Each is told by an exception of its own, since a stack trace belongs to one.</summary>
internal static class ConnectionLoss
{
    /// <summary>There is no connection.</summary>
    /// <param name="address">The server's address.</param>
    /// <param name="reason">Why not.</param>
    public static Exception NotConnected(string address, Exception reason) => TryCopy(reason)
        ?? new ServerUnreachableException($"No server can be reached at {address}: {reason.Message.TrimEnd('.')}. Check that a SplitInfer server runs there, that the address and the port are right, and that no firewall is between.", reason);

    /// <summary>There was one.</summary>
    /// <param name="address">The server's address.</param>
    /// <param name="reason">What ended it.</param>
    public static Exception Lost(string address, Exception reason) => TryCopy(reason)
        ?? new ServerUnreachableException($"The connection to {address} was lost: {reason.Message.TrimEnd('.')}. Send the request again, which connects anew; if it happens again, look at the server's log.", reason);

    /// <summary>No answer came in the time that connecting may take.</summary>
    public static TimeoutException Silence(TimeSpan limit) => new($"no answer came within {limit.TotalSeconds:0.###} s");

    private static Exception? TryCopy(Exception reason) => reason switch
    {
        TailRefusedException refused => Refusals.Copy(refused),
        ProtocolException broken => new ProtocolException(broken.Message, broken),
        ServerUnreachableException unreachable => new ServerUnreachableException(unreachable.Message, unreachable),
        _ => null,
    };
}
