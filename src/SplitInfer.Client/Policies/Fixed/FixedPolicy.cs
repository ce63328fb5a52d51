namespace SplitInfer.Client.Policies.Fixed;

/// <summary>Takes the same arm for every request and learns nothing.</summary>
internal sealed class FixedPolicy(string name, Arm arm) : IPartitionPolicy
{
    public string Name => name;

    public Decision Decide(in DecisionContext context) => new() { Arm = arm, PredictedSeconds = double.NaN };

    public void Observe(in Decision decision, in Observation observation) { }
}
