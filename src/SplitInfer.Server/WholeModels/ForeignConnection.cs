using System.Runtime.CompilerServices;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.WholeModels;

/// <summary>A connection over which requests of another protocol than the frames come, several at a time where the protocol has that. Thread-safe.</summary>
/// <param name="number">A number that no other connection of the server has had. It is negative: those of the frames are positive.</param>
/// <param name="maxHeldBytes">Bytes that its requests may come to at a time.</param>
internal sealed class ForeignConnection(long number, long maxHeldBytes)
{
    // A machine is known only while it has connections or requests, and each request has its own key: one who shows several counts as one machine for each.
    private readonly ConditionalWeakTable<ClientMachine, ByteBudget> _promised = [];

    /// <summary>A number that no other connection of the server has had.</summary>
    public long Number => number;

    /// <summary>Bytes that its requests may come to, as part of those of their machine.</summary>
    public ByteBudget PromisedOf(ClientMachine machine) => _promised.GetValue(machine, known => new(maxHeldBytes, known.Promised));
}
