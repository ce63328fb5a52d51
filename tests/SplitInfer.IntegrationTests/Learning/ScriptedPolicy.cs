using System.Collections.Concurrent;
using SplitInfer.Policies;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>Takes the arm that a test says, and keeps what it is told.</summary>
internal sealed class ScriptedPolicy(PolicySetup setup) : IPartitionPolicy
{
    private readonly BlockingCollection<Outcome> _outcomes = [];

    public PolicySetup Setup => setup;

    public string Name => "Scripted";

    /// <summary>Place of the arm among those of the setup.</summary>
    public int Arm { get; set; }

    public bool IsRaced { get; set; } = true;

    public double LateAfterSeconds { get; set; }

    public bool WasServerUnavailable { get; private set; }

    public int Count => _outcomes.Count;

    public Decision Decide(in DecisionContext context)
    {
        WasServerUnavailable = context.UnavailableServers != 0;
        return new() { Arm = setup.Arms[Arm].Arm, IsRaced = IsRaced, IsForced = IsRaced, LateAfterSeconds = LateAfterSeconds, PredictedSeconds = 1 };
    }

    public void Observe(in Outcome outcome) => _outcomes.Add(outcome);

    /// <summary>The next outcome, which may be still to come.</summary>
    public Outcome Next() => _outcomes.TryTake(out var outcome, TimeSpan.FromSeconds(60)) ? outcome : throw new TimeoutException("No outcome came.");
}
