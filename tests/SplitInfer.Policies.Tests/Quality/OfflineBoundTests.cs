using SplitInfer.Simulation.RandomWorlds;
using SplitInfer.Simulation.Quality;

namespace SplitInfer.Policies.Tests.Quality;

public class OfflineBoundTests
{
    /// <summary>Late on the clock and with many servers, what is left of a run is less than the clock can tell.</summary>
    [Theory]
    [InlineData(64, 3000)]
    [InlineData(5, 3500)]
    public void Long_simulations_of_many_servers_end(int servers, double begin)
    {
        var random = new ScenarioRandom(7);
        var at = begin;
        SimulatedQuery[] queries = [.. Enumerable.Range(0, 5000).Select(_ => new SimulatedQuery(at += random.LogUniform(0.005, 0.05), at + 0.1, User: 0, Model: 0, Hardness: 0))];
        var bound = new OfflineBound(new() { Servers = servers }, queries, []);
        Assert.Equal(queries.Length * 0.0073, bound.MostSeconds([0.0073]), 6);
    }
}
