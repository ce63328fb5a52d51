using System.Collections.Concurrent;
using SplitInfer.Client.Policies;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>Takes the arm that a test says, and keeps what it is told.</summary>
internal sealed class ScriptedPolicy(PolicySetup setup) : IPartitionPolicy
{
    private readonly BlockingCollection<Observation> _observations = [];

    public PolicySetup Setup => setup;

    public string Name => "Scripted";

    /// <summary>Place of the arm among those of the setup.</summary>
    public int Arm { get; set; }

    public bool IsRaced { get; set; } = true;

    public double LateAfterSeconds { get; set; }

    public bool WasServerUnavailable { get; private set; }

    public int Count => _observations.Count;

    public Decision Decide(in DecisionContext context)
    {
        WasServerUnavailable = context.IsServerUnavailable;
        return new() { Arm = setup.Arms[Arm].Arm, IsRaced = IsRaced, IsForced = IsRaced, LateAfterSeconds = LateAfterSeconds, PredictedSeconds = 1 };
    }

    public void Observe(in Decision decision, in Observation observation) => _observations.Add(observation);

    /// <summary>The next observation, which may be still to come.</summary>
    public Observation Next() => _observations.TryTake(out var observation, TimeSpan.FromSeconds(60)) ? observation : throw new TimeoutException("No observation came.");
}
