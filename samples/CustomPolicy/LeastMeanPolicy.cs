using SplitInfer.Policies;

namespace CustomPolicy;

/// <summary>A policy of your own that keeps what it learns: the arm of the least mean time, each arm tried once.</summary>
public sealed class LeastMeanPolicy(PolicySetup setup) : IPartitionPolicy, IPolicyState
{
    private const double Gain = 0.2;

    private readonly Lock _lock = new();
    private readonly double[] _means = new double[setup.Arms.Length]; // s; 0 for an arm that was not tried

    public string Name => "LeastMean";

    public IPolicyState State => this;

    public int Version => 1;

    public Decision Decide(in DecisionContext context)
    {
        var best = setup.Arms.Length - 1; // everything on the device
        lock (_lock)
        {
            for (var arm = 0; arm < _means.Length - 1; arm++)
            {
                if (setup.Mask.Contains(setup.Arms[arm].Arm) || (context.UnavailableServers >> setup.Arms[arm].Arm.Server & 1) != 0) continue;
                if (_means[arm] < _means[best]) best = arm;
            }

            return new() { Arm = setup.Arms[best].Arm, PredictedSeconds = _means[best] };
        }
    }

    public void Observe(in Outcome outcome)
    {
        if (outcome.Kind != OutcomeKind.Completed) return;
        var arm = outcome.Decision.Arm.Index;
        var seconds = outcome.HeadSeconds + outcome.EncodeSeconds + outcome.OffloadSeconds;
        if (outcome.IsCensored) seconds += outcome.DeviceSeconds; // the server failed, and the device did the work
        lock (_lock) _means[arm] = _means[arm] > 0 ? _means[arm] + (Gain * (seconds - _means[arm])) : seconds;
    }

    public void Save(PolicyStateWriter state)
    {
        lock (_lock) state.Write(_means);
    }

    public void Restore(PolicyStateReader state)
    {
        var means = new double[_means.Length];
        state.Read(means, min: 0, max: 3600);
        state.End();
        lock (_lock) means.CopyTo(_means, 0);
    }
}
