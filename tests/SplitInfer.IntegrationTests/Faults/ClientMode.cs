using SplitInfer.Client;
using SplitInfer.Policies;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>A way to use the client, under which each fault is survived.</summary>
/// <param name="Learns">Whether a policy learns, so that it is told which servers are down and when a reply is late; a fixed partition otherwise.</param>
/// <param name="Races">Whether the device may run beside the server.</param>
/// <param name="HasDeadline">Whether requests have one.</param>
internal sealed record ClientMode(bool Learns, bool Races, bool HasDeadline)
{
    /// <summary>Far more than a request takes, also on a machine that is busy, and less than a client that hangs.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private const int Cut = 1;

    public static IReadOnlyList<ClientMode> All { get; } =
        [.. from learns in (bool[])[true, false] from races in (bool[])[true, false] from deadline in (bool[])[true, false] select new ClientMode(learns, races, deadline)];

    public void Configure(SplitInferenceOptions options)
    {
        options.Races = Races;
        options.Deadline = HasDeadline ? Deadline : null;
        options.ProfilingBudget = TimeSpan.Zero;
        if (Learns) options.CustomPolicy = static setup => new Eager(setup);
        else options.Partition = Cut;
    }

    public override string ToString() => $"{(Learns ? "policy" : "fixed")}, {(Races ? "races" : "no races")}, {(HasDeadline ? "deadline" : "no deadline")}";

    /// <summary>Takes the server whenever that can be used, so that faults are met; half of the time in a race, else with a reply that is soon late.</summary>
    private sealed class Eager(PolicySetup setup) : IPartitionPolicy
    {
        private const double LateAfterSeconds = 0.1;

        private readonly Arm _onServer = setup.Arms.Where(static a => !a.Arm.IsOnDevice).MaxBy(static a => a.Arm.Cut)!.Arm;
        private readonly Arm _onDevice = setup.Arms.First(static a => a.Arm.IsOnDevice).Arm;
        private int _requests;

        public string Name => nameof(Eager);

        public PolicyNeeds Needs => PolicyNeeds.Outcomes | PolicyNeeds.RoundTrips;

        public Decision Decide(in DecisionContext context)
        {
            if ((context.UnavailableServers & 1) != 0) return new() { Arm = _onDevice };
            return setup.CanRace && Interlocked.Increment(ref _requests) % 2 == 0 ? new() { Arm = _onServer, IsRaced = true } : new() { Arm = _onServer, LateAfterSeconds = LateAfterSeconds };
        }

        public void Observe(in Outcome outcome)
        {
        }
    }
}
