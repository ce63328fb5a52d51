using System.Net;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Two silos and a Redis in processes of their own, servers that report, and the death of the silo that finds their prices.</summary>
/// <param name="count">How many servers report.</param>
/// <param name="interval">How often each does.</param>
/// <param name="calm">How long they do before the silo is killed.</param>
/// <param name="clock">The clock.</param>
internal sealed class CoordinatorBenchmark(int count, TimeSpan interval, TimeSpan calm, TimeProvider clock)
{
    private const string Region = "bench";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1), Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Runs it.</summary>
    /// <exception cref="IOException">Redis or a silo does not start.</exception>
    /// <exception cref="TimeoutException">Prices do not come again.</exception>
    public async Task<CoordinatorRow> RunAsync(CancellationToken cancellationToken)
    {
        await using var redis = await RedisProcess.StartAsync(cancellationToken);
        await using var first = await SiloProcess.StartAsync(redis.Address, Region, cancellationToken);
        await using var second = await SiloProcess.StartAsync(redis.Address, Region, cancellationToken);
        var begun = clock.GetTimestamp();
        var nodes = Enumerable.Range(0, count).Select(i => new CoordinatedNode($"node {i}", new($"redis://{redis.Address}/{Region}"), clock, begun)).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] work = [];
        try
        {
            await Task.WhenAll(nodes.Select(node => node.JoinAsync(stop.Token)));
            work = [.. nodes.SelectMany(node => (Task[])[node.ReportAsync(interval, stop.Token), node.DecideAsync(stop.Token)])];
            await Task.Delay(calm, clock, cancellationToken);
            // As much of the calm as nothing is started in.
            var calmFrom = Now(begun) - (calm.TotalSeconds / 2);
            var holder = await HolderAsync(nodes[0], cancellationToken);
            var (killed, killedAt) = (holder.Equals(first.Silo) ? first : second, Now(begun));
            killed.Kill();
            var last = await AllPricedAsync(nodes, killedAt, begun, cancellationToken);
            var (before, after) = (Decisions(nodes, calmFrom, killedAt), Decisions(nodes, killedAt, last));
            return new(
                nodes.Length, interval.TotalSeconds, holder.ToString(), nodes.Min(node => node.PricedSince(killedAt)!.Value) - killedAt, last - killedAt, nodes.Sum(node => node.FailedSince(killedAt)), nodes.Sum(static node => node.Rejoined),
                nodes.Max(static node => node.ReportBytes), PriceMessage.Bytes, before.Length / (killedAt - calmFrom), after.Length / (last - killedAt), P99Ms(before), P99Ms(after));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var node in nodes) await node.DisposeAsync();
        }
    }

    private static async Task<IPEndPoint> HolderAsync(CoordinatedNode node, CancellationToken cancellationToken) =>
        await node.Fleet.FindSiloAsync(cancellationToken) ?? throw new IOException("No silo finds prices, though servers report; run this again.");

    private static double[] Decisions(CoordinatedNode[] nodes, double from, double to) => [.. nodes.SelectMany(node => node.Decisions(from, to)).Order()];

    private static double P99Ms(double[] sorted) => sorted.Length == 0 ? 0 : sorted[(int)(0.99 * (sorted.Length - 1))] * 1000;

    /// <summary>Waits until every node has a price again.</summary>
    /// <returns>When the last one had.</returns>
    private async Task<double> AllPricedAsync(CoordinatedNode[] nodes, double killedAt, long begun, CancellationToken cancellationToken)
    {
        while (Now(begun) - killedAt < Patience.TotalSeconds)
        {
            if (nodes.All(node => node.PricedSince(killedAt) is not null)) return nodes.Max(node => node.PricedSince(killedAt)!.Value);
            await Task.Delay(Poll, clock, cancellationToken);
        }

        throw new TimeoutException($"A minute after the silo was killed {nodes.Count(node => node.PricedSince(killedAt) is null)} of {nodes.Length} servers have no price. Servers go on without one; look at what the other silo says: splitinfer coordinate --log-level Information.");
    }

    private double Now(long begun) => clock.GetElapsedTime(begun).TotalSeconds;
}
