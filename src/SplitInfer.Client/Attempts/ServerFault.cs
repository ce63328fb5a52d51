using SplitInfer.Client.Transport;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>What the failures of a server mean for the request and for those that follow.</summary>
internal static class ServerFault
{
    /// <summary>Whether an error is the server's, so that the device may still succeed.</summary>
    public static bool Is(Exception error) => error is ServerUnreachableException or ProtocolException or TailRefusedException or SizeLimitException or NonFiniteOutputException;

    /// <summary>Whether the server lacks only the tail of this cut, or its outputs always are too large: other cuts may go on.</summary>
    public static bool IsOfCut(Exception error) => error is TailRefusedException { Code: RefusalCode.PartitionUnavailable or RefusalCode.InvalidPartition } or SizeLimitException { IsLasting: true };

    /// <summary>Whether other requests will most likely fail as well. A passed deadline, a missing tail, odd numbers, outputs that are too large and a request that is too much say nothing about the server as a whole, nor that another one would do better.</summary>
    public static bool CountsAgainstHealth(Exception error) => Is(error) && !IsOfCut(error) && error is not (NonFiniteOutputException or SizeLimitException) && error is not TailRefusedException { Code: RefusalCode.DeadlineExceeded or RefusalCode.LimitExceeded or RefusalCode.InvalidPayload };

    /// <summary>What became of the server's part.</summary>
    public static ServerOutcome OutcomeOf(Exception error) => error is TailRefusedException ? ServerOutcome.Refused : ServerOutcome.Failed;
}
