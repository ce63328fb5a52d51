using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>What the failures of a server mean for the request and for those that follow.</summary>
internal static class ServerFault
{
    /// <summary>Whether an error is the server's, so that the device may still succeed.</summary>
    public static bool Is(Exception error) => error is ServerUnreachableException or ProtocolException or TailRefusedException or SizeLimitException;

    /// <summary>Whether the server lacks only the tail of this cut, or its outputs are too large: other cuts may go on.</summary>
    public static bool IsOfCut(Exception error) => error is TailRefusedException { Code: RefusalCode.PartitionUnavailable or RefusalCode.InvalidPartition } or SizeLimitException;

    /// <summary>Whether other requests will most likely fail as well. A passed deadline and a missing tail say nothing about the server as a whole.</summary>
    public static bool CountsAgainstHealth(Exception error) => Is(error) && !IsOfCut(error) && error is not TailRefusedException { Code: RefusalCode.DeadlineExceeded };

    /// <summary>What became of the server's part.</summary>
    public static ServerOutcome OutcomeOf(Exception error) => error is TailRefusedException ? ServerOutcome.Refused : ServerOutcome.Failed;
}
