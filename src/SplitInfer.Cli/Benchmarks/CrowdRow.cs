using SplitInfer.Simulation.Crowds;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one contender made of crowds of one number of clients. Means are over worlds.</summary>
/// <param name="Clients">Clients from the beginning on.</param>
/// <param name="Contender">Who chose.</param>
/// <param name="Worlds">Worlds of consecutive seeds.</param>
/// <param name="MeanMs">Mean delay, ms.</param>
/// <param name="OfOptimum">Mean delay as a multiple of that of the optimum.</param>
/// <param name="MostOfOptimum">The same in the worst world.</param>
/// <param name="OfSelfish">Mean delay as a multiple of that of selfish play.</param>
/// <param name="WorstShare">The largest mean delay of a client over the mean of all.</param>
/// <param name="MostWorstShare">The same in the worst world.</param>
/// <param name="SwitchesPerMinute">How often a client turned to another arm, in a minute.</param>
/// <param name="MostSwitchesPerMinute">The same in the worst world.</param>
/// <param name="NewcomerMs">Mean delay of the first 100 frames of those that come late, ms; nothing where the contender is fixed beforehand.</param>
/// <param name="DeviceShare">The part of the frames that ran on the device alone.</param>
/// <param name="RacedShare">The part of the frames for which the device ran beside a server.</param>
/// <param name="Utilization">The part of the servers' places that was used.</param>
internal sealed record CrowdRow(
    int Clients, string Contender, int Worlds, double MeanMs, double OfOptimum, double MostOfOptimum, double OfSelfish, double WorstShare, double MostWorstShare, double SwitchesPerMinute,
    double MostSwitchesPerMinute, double? NewcomerMs, double DeviceShare, double RacedShare, double Utilization)
{
    /// <summary>Plays all contenders in worlds of consecutive seeds.</summary>
    public static IReadOnlyList<CrowdRow> Play(Func<int, CrowdWorld> world, int clients, int seed, int worlds, CancellationToken cancellationToken)
    {
        var contenders = Enum.GetValues<CrowdContender>();
        var results = new CrowdResult[worlds, contenders.Length];
        for (var i = 0; i < worlds; i++)
        {
            var simulator = new CrowdSimulator(world(seed + i));
            for (var c = 0; c < contenders.Length; c++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                results[i, c] = simulator.Play(contenders[c]);
            }
        }

        CrowdResult[] Of(CrowdContender contender) => [.. Enumerable.Range(0, worlds).Select(i => results[i, Array.IndexOf(contenders, contender)])];
        var (optimum, selfish) = (Of(CrowdContender.Optimum), Of(CrowdContender.Selfish));
        return [.. contenders.Select(contender => Row(clients, Of(contender), optimum, selfish))];
    }

    /// <summary>The row of one world.</summary>
    public static CrowdRow Of(int clients, CrowdResult result, CrowdResult optimum, CrowdResult selfish) => Row(clients, [result], [optimum], [selfish]);

    private static CrowdRow Row(int clients, CrowdResult[] own, CrowdResult[] optimum, CrowdResult[] selfish)
    {
        var newcomers = own[0].Contender == CrowdContender.Optimum ? double.NaN : own.Average(static result => result.NewcomerMs);
        double[] ofOptimum = [.. own.Zip(optimum).Select(static pair => pair.First.MeanMs / pair.Second.MeanMs)];
        return new(
            clients, own[0].Contender.ToString(), own.Length, own.Average(static r => r.MeanMs), ofOptimum.Average(), ofOptimum.Max(), own.Zip(selfish).Average(static pair => pair.First.MeanMs / pair.Second.MeanMs),
            own.Average(static r => r.WorstShare), own.Max(static r => r.WorstShare), own.Average(static r => r.SwitchesPerMinute), own.Max(static r => r.SwitchesPerMinute), double.IsNaN(newcomers) ? null : newcomers,
            own.Average(static r => r.DeviceShare), own.Average(static r => r.RacedShare), own.Average(static r => r.Utilization));
    }
}
