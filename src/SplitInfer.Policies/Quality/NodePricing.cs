namespace SplitInfer.Policies.Quality;

/// <summary>What a user, or a class of users, asks of a node.</summary>
/// <param name="Rate">Requests in a second.</param>
/// <param name="Weight">What their accuracy is worth beside that of others, above 0.</param>
/// <param name="Curve">What it costs.</param>
/// <param name="Depth">Index of the deepest exit that their deadline leaves time for.</param>
public readonly record struct QualityDemand(double Rate, double Weight, QualityCurve Curve, int Depth);

/// <summary>Finds the price at which what all users choose for themselves is what the node can carry: the multiplier of max Σ w·λ·A(e) subject to Σ λ·C(e) ≤ capacity.</summary>
public static class NodePricing
{
    private const int Steps = 60;

    /// <summary>The least price at which the mean cost is within the capacity; where even the cheapest setting of all is not, the least at which all choose that.</summary>
    /// <param name="demands">Who asks for what.</param>
    /// <param name="capacity">Seconds of runs that the node has in a second.</param>
    /// <param name="spread">By what part of itself the price scatters from request to request, 0 to below 1.</param>
    public static double Solve(ReadOnlySpan<QualityDemand> demands, double capacity, double spread = 0.1)
    {
        var highest = 0.0;
        foreach (var demand in demands)
            if (demand.Rate > 0) highest = Math.Max(highest, demand.Weight * demand.Curve.Hulls.Slopes().Highest);
        highest /= 1 - spread;
        if (highest <= 0 || Cost(demands, 0, spread) <= capacity) return 0;
        var (low, high) = (0.0, highest);
        for (var i = 0; i < Steps; i++)
        {
            var middle = (low + high) / 2;
            if (Cost(demands, middle, spread) <= capacity) high = middle;
            else low = middle;
        }

        return high;
    }

    /// <summary>Seconds of runs in a second that users choose at a price, in the mean. Never grows with the price.</summary>
    public static double Cost(ReadOnlySpan<QualityDemand> demands, double price, double spread = 0.1)
    {
        var cost = 0.0;
        foreach (var demand in demands) cost += demand.Rate * demand.Curve.Hulls.MeanAt(demand.Depth, price / demand.Weight, spread).Seconds;
        return cost;
    }

    /// <summary>Mean accuracy of what one of them chooses at a price.</summary>
    public static double Accuracy(in QualityDemand demand, double price, double spread = 0.1) => demand.Curve.Hulls.MeanAt(demand.Depth, price / demand.Weight, spread).Accuracy;
}
