namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>
/// Has contenders run the same model for so many clients, each of which makes the next request as soon as it has the result of the one before. They take turns, in rounds, so that what the
/// machine does otherwise meets all of them.
/// </summary>
/// <param name="contenders">Who takes part; the others are compared with the first.</param>
/// <param name="turn">How long a turn lasts.</param>
/// <param name="rounds">How many turns each has.</param>
/// <param name="warmUp">How long each is asked before the first turn.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerBenchmark(IReadOnlyList<ILoadContender> contenders, TimeSpan turn, int rounds, TimeSpan warmUp, TimeProvider time)
{
    /// <summary>Has each do for a while what is measured afterwards, since what is compiled, loaded and tried out meanwhile is not timed: a server finds out whether batches pay, for one.</summary>
    public async Task WarmUpAsync(int clients, CancellationToken cancellationToken)
    {
        foreach (var contender in contenders) await ClosedLoop.RunAsync(contender, Math.Min(clients, contender.MaxClients), warmUp, time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs the rounds for one number of clients.</summary>
    /// <returns>A row for each contender that has as many clients.</returns>
    public async Task<IReadOnlyList<ServerRow>> RunAsync(int clients, CancellationToken cancellationToken)
    {
        List<ILoadContender> present = [.. contenders.Where(contender => contender.MaxClients >= clients)];
        var turns = present.ToDictionary(static contender => contender, static _ => new List<Turn>());
        // Connections that are new are made first.
        foreach (var contender in present) await TurnAsync(contender, clients, turn, cancellationToken).ConfigureAwait(false);
        for (var round = 0; round < rounds; round++)
            foreach (var contender in present) turns[contender].Add(await TurnAsync(contender, clients, turn, cancellationToken).ConfigureAwait(false));
        return [.. present.Select(contender => Row(contender.Name, clients, turns[contender], turns[present[0]]))];
    }

    private static ServerRow Row(string name, int clients, List<Turn> turns, List<Turn> first) => new(
        name, clients, Median.Of(turns.Select(static turn => turn.PerSecond)), Median.Of(turns.Select(static turn => turn.DelayMs(0.5))), Median.Of(turns.Select(static turn => turn.DelayMs(0.99))),
        Median.Of(turns.Zip(first, static (own, other) => own.PerSecond / other.PerSecond)), Median.Of(turns.Zip(first, static (own, other) => own.DelayMs(0.5) / other.DelayMs(0.5))));

    private async Task<Turn> TurnAsync(ILoadContender contender, int clients, TimeSpan length, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var delays = await ClosedLoop.RunAsync(contender, clients, length, time, cancellationToken).ConfigureAwait(false);
        return new(delays, time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>What one turn came to.</summary>
    /// <param name="Delays">What each request took, ms.</param>
    /// <param name="Seconds">How long the turn lasted, until its last request had ended.</param>
    private readonly record struct Turn(double[] Delays, double Seconds)
    {
        public double PerSecond => Delays.Length / Seconds;

        public double DelayMs(double share) => Percentile.Of(Delays, share) ?? double.NaN;
    }
}

/// <summary>One line of <c>bench server</c>: what a contender did for so many clients; medians of the rounds.</summary>
/// <param name="Contender"><c>splitinfer</c>, <c>baseline</c> or <c>bare</c>.</param>
/// <param name="Clients">Clients, each with one request in flight.</param>
/// <param name="PerSecond">Results a second.</param>
/// <param name="P50Ms">Median delay of a request, ms.</param>
/// <param name="P99Ms">99 of 100 requests took no longer, ms.</param>
/// <param name="PerSecondRatio">Its results a second over those of the first contender, round by round.</param>
/// <param name="P50Ratio">Its median delay over that of the first contender, round by round.</param>
internal sealed record ServerRow(string Contender, int Clients, double PerSecond, double P50Ms, double P99Ms, double PerSecondRatio, double P50Ratio);
