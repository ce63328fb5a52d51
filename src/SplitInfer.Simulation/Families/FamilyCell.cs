using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;

namespace SplitInfer.Simulation.Families;

/// <summary>What came of one network with one deadline, beside what others would have made of the same requests. Accuracies are those of what was there at the deadline, 0 to 1.</summary>
public sealed record FamilyCell
{
    /// <summary>The network's name.</summary>
    public required string Network { get; init; }

    /// <summary>The deadline, ms from the call.</summary>
    public required double DeadlineMs { get; init; }

    /// <summary>What the policy made of it.</summary>
    public required FamilyResult Result { get; init; }

    /// <summary>What the published rule of MDInference made of it.</summary>
    public required FamilyResult Published { get; init; }

    /// <summary>The same in its own simulation, where the way back takes exactly what the way out took.</summary>
    public required FamilyResult PublishedWithOracle { get; init; }

    /// <summary>The one variant that, asked for every request with the device running beside, would have been best.</summary>
    public required string BestStatic { get; init; }

    /// <summary>What it would have made of it.</summary>
    public required double StaticAccuracy { get; init; }

    /// <summary>What a chooser would make of it that knows all laws from the beginning, but no draw that is not known when it chooses.</summary>
    public required double InformedAccuracy { get; init; }

    /// <summary>Simulates one cell.</summary>
    /// <param name="scenario">The family.</param>
    /// <param name="network">The network.</param>
    /// <param name="deadlineMs">The deadline, ms.</param>
    /// <param name="create">Makes the policy.</param>
    /// <param name="seed">Makes all delays.</param>
    public static FamilyCell Play(FamilyScenario scenario, Network network, double deadlineMs, Func<IPartitionPolicy> create, int seed)
    {
        var simulator = new FamilySimulator(scenario, network, deadlineMs, seed);
        var hindsight = new FamilyHindsight(scenario, network, deadlineMs, seed);
        var (best, accuracy) = hindsight.BestStatic();
        return new()
        {
            Network = network.Name,
            DeadlineMs = deadlineMs,
            Result = FamilyResult.Of(simulator.Play(create())),
            Published = FamilyResult.Of(simulator.Play(Paper())),
            PublishedWithOracle = FamilyResult.Of(new FamilySimulator(scenario, network.WithSameWayBack(), deadlineMs, seed).Play(Paper())),
            BestStatic = best,
            StaticAccuracy = accuracy,
            InformedAccuracy = hindsight.Informed(),
        };

        IPartitionPolicy Paper() => PolicyCatalog.Create(PolicyNames.MdInferencePaper, FamilySimulator.SetupOf(scenario));
    }
}

/// <summary>What a policy made of the requests of a cell.</summary>
/// <param name="Accuracy">Mean accuracy of what was there at the deadline; nothing counts as 0.</param>
/// <param name="LateShare">Share of all requests for which a server was asked that was late.</param>
/// <param name="HedgedShare">Share of all requests for which a server was asked and the device ran a model as well.</param>
/// <param name="DeviceShare">Share of all requests that the device answered without a server.</param>
/// <param name="NothingShare">Share of all requests that had no answer at the deadline.</param>
public sealed record FamilyResult(double Accuracy, double LateShare, double HedgedShare, double DeviceShare, double NothingShare)
{
    /// <summary>Sums up requests.</summary>
    public static FamilyResult Of(IEnumerable<FamilyRequest> requests)
    {
        var (count, accuracy, late, hedged, device, nothing) = (0, 0.0, 0, 0, 0, 0);
        foreach (var request in requests)
        {
            count++;
            accuracy += request.Accuracy;
            if (request.IsLate) late++;
            if (request.IsHedged) hedged++;
            if (request.Decision.Arm.IsOnDevice) device++;
            if (request.Accuracy == 0) nothing++;
        }

        return new(accuracy / count, (double)late / count, (double)hedged / count, (double)device / count, (double)nothing / count);
    }
}
