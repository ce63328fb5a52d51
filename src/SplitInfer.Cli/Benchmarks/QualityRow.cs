using SplitInfer.Simulation.Quality;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one contender made of one load. Accuracy is over all requests; what is late or refused counts 0.</summary>
/// <param name="Load">Requests that came, as a multiple of those that the servers could run to the end.</param>
/// <param name="Contender">Who decided.</param>
/// <param name="Worlds">Worlds of consecutive seeds.</param>
/// <param name="Requests">Requests of all of them.</param>
/// <param name="Misses">Share of requests without an answer in time.</param>
/// <param name="Accuracy">Accuracy in time.</param>
/// <param name="OfOptimum">The same as a part of the bound on what anybody can reach who knows all arrivals.</param>
/// <param name="LeastUserShare">The least accuracy of a user as a part of the mean of all users, in the worst world.</param>
/// <param name="AccuracyAfterKill">Accuracy of requests that came after a coordinator died, or would have.</param>
/// <param name="Utilization">Share of the servers' time that was used.</param>
/// <param name="PriceBytesPerSecond">Bytes of prices to a server in a second.</param>
/// <param name="MostReportBytes">The most bytes of a server's report.</param>
internal sealed record QualityRow(
    double Load, string Contender, int Worlds, int Requests, double Misses, double Accuracy, double OfOptimum, double? LeastUserShare, double? AccuracyAfterKill, double? Utilization, double PriceBytesPerSecond, int MostReportBytes)
{
    /// <summary>Plays all contenders at one load, in worlds of consecutive seeds.</summary>
    public static IReadOnlyList<QualityRow> Play(QualityWorld world, int worlds, CancellationToken cancellationToken)
    {
        var results = new List<QualityResult>();
        for (var i = 0; i < worlds; i++)
        {
            var simulator = new QualitySimulator(world with { Seed = world.Seed + i });
            foreach (var contender in Enum.GetValues<QualityContender>())
            {
                cancellationToken.ThrowIfCancellationRequested();
                results.Add(simulator.Play(contender));
            }
        }

        var optimum = results.Where(static result => result.Contender == QualityContender.Optimum).Average(static result => result.Accuracy);
        return [.. results.GroupBy(static result => result.Contender).Select(group => Of(world.Load, [.. group], optimum))];
    }

    private static QualityRow Of(double load, QualityResult[] results, double optimum) => new(
        load, results[0].Contender.ToString(), results.Length, results.Sum(static r => r.Requests), results.Average(static r => r.Misses), results.Average(static r => r.Accuracy),
        results.Average(static r => r.Accuracy) / optimum, Known(results.Min(static r => r.LeastUserShare)), Known(results.Average(static r => r.LateAccuracy)), Known(results.Average(static r => r.Utilization)),
        results.Max(static r => r.PriceBytesPerSecond), results.Max(static r => r.MostReportBytes));

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}

/// <summary>What contenders made of one random world.</summary>
/// <param name="World">Its seed.</param>
/// <param name="Load">Its load.</param>
/// <param name="Accuracy">Accuracy in time of controllers with prices.</param>
/// <param name="Misses">Their misses.</param>
/// <param name="ShallowestMisses">Misses of the shallowest exit for all.</param>
/// <param name="BestBaseline">The best of the others, the bound apart.</param>
/// <param name="BestBaselineAccuracy">Its accuracy in time.</param>
/// <param name="BestBaselineMisses">Its misses.</param>
/// <param name="ShallowestAccuracy">That of the shallowest exit for all.</param>
/// <param name="OfOptimum">Accuracy as a part of the bound.</param>
internal sealed record QualityWorldRow(int World, double Load, double Accuracy, double Misses, double ShallowestMisses, string BestBaseline, double BestBaselineAccuracy, double BestBaselineMisses, double ShallowestAccuracy, double OfOptimum)
{
    /// <summary>Plays a random world.</summary>
    public static QualityWorldRow Play(int seed, int requests)
    {
        var world = RandomQualityWorld.Of(seed, requests);
        var simulator = new QualitySimulator(world);
        var own = simulator.Play(QualityContender.Prices);
        var others = Enum.GetValues<QualityContender>().Where(static contender => contender < QualityContender.Prices).Select(contender => simulator.Play(contender)).ToArray();
        var best = others.MaxBy(static result => result.Accuracy)!;
        var shallowest = others.Single(static result => result.Contender == QualityContender.Shallowest);
        return new(seed, world.Load, own.Accuracy, own.Misses, shallowest.Misses, best.Contender.ToString(), best.Accuracy, best.Misses, shallowest.Accuracy, own.Accuracy / simulator.Play(QualityContender.Optimum).Accuracy);
    }
}
