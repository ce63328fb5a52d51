namespace SplitInfer.Client.Policies;

/// <summary>Chooses an arm for every request and learns from what it cost. Implementations are safe for concurrent requests.</summary>
public interface IPartitionPolicy
{
    /// <summary>The name by which people choose the policy.</summary>
    string Name { get; }

    /// <summary>Chooses an arm for a request that is about to run.</summary>
    Decision Decide(in DecisionContext context);

    /// <summary>Learns what a request cost. Observations may come late and in any order; a request that was cancelled brings none.</summary>
    void Observe(in Decision decision, in Observation observation);

    /// <summary>Learns the round-trip time of a frame that is too small to take any time on the link.</summary>
    /// <param name="seconds">From sending the frame to its echo; more than 0.</param>
    void ObserveRoundTrip(double seconds) { }
}
