using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>The machines that clients connect from, or the keys that they have, each with its share of the server. Thread-safe.</summary>
/// <param name="limits">What one machine may take.</param>
/// <param name="all">Bytes that all machines hold together.</param>
/// <param name="time">The clock.</param>
internal sealed class ClientMachines(ConnectionLimits limits, ByteBudget all, TimeProvider time)
{
    // What is announced holds no memory yet. A connection may announce as much as the others of its machine leave, so without this one alone could announce
    // half of what the machine may hold.
    private const int AnnouncedPerHeld = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ClientMachine> _machines = new(StringComparer.Ordinal);

    /// <summary>What all of them hold, in bytes.</summary>
    public long HeldBytes => all.Held;

    private long PromisedBytes => limits.MaxHeldBytesPerMachine <= long.MaxValue / AnnouncedPerHeld ? AnnouncedPerHeld * limits.MaxHeldBytesPerMachine : long.MaxValue;

    /// <summary>The machine of a connection that begins.</summary>
    public ClientMachine Enter(string name)
    {
        lock (_gate)
        {
            if (!_machines.TryGetValue(name, out var machine)) _machines.Add(name, machine = new(name, new(PromisedBytes), new(limits.MaxHeldBytesPerMachine, all), new(time)));
            machine.Connections++;
            return machine;
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Leave(ClientMachine machine)
    {
        lock (_gate)
        {
            // Bytes that a request still holds go back to the same budget, which lives as long as the request.
            if (--machine.Connections == 0) _machines.Remove(machine.Name);
        }
    }
}

/// <summary>One machine that clients connect from, or all that have the same key.</summary>
/// <param name="name">Its address, or the name of the key.</param>
/// <param name="promised">Bytes that the requests of its connections may come to together, by their headers.</param>
/// <param name="held">Bytes that its connections hold together.</param>
/// <param name="pace">How fast it may have done what no other limit counts.</param>
internal sealed class ClientMachine(string name, ByteBudget promised, ByteBudget held, ControlPace pace)
{
    /// <summary>Its address, or the name of the key.</summary>
    public string Name => name;

    /// <summary>Bytes that the requests of its connections may come to together. Room is made for them as they come.</summary>
    public ByteBudget Promised => promised;

    /// <summary>Bytes that its connections hold together.</summary>
    public ByteBudget Held => held;

    /// <summary>How fast its connections may have done what no other limit counts.</summary>
    public ControlPace Pace => pace;

    /// <summary>What its requests say of the quality of their answers.</summary>
    public QualityDemand Quality { get; } = new(name);

    /// <summary>Its connections; only <see cref="ClientMachines"/> counts.</summary>
    public int Connections { get; set; }
}
