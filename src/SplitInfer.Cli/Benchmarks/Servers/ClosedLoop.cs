namespace SplitInfer.Cli.Benchmarks.Servers;

/// <summary>Clients each of which makes the next request as soon as it has the result of the one before.</summary>
internal static class ClosedLoop
{
    /// <summary>Has them make requests for a while.</summary>
    /// <param name="contender">Who answers.</param>
    /// <param name="clients">How many clients there are.</param>
    /// <param name="length">For how long; requests that were made by then are waited for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What each request took, ms.</returns>
    public static async Task<double[]> RunAsync(ILoadContender contender, int clients, TimeSpan length, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var delays = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            List<double> own = [];
            while (time.GetElapsedTime(start) < length)
            {
                var began = time.GetTimestamp();
                await contender.InferAsync(client, cancellationToken).ConfigureAwait(false);
                own.Add(time.GetElapsedTime(began).TotalMilliseconds);
            }

            return own;
        }, cancellationToken))).ConfigureAwait(false);
        return [.. delays.SelectMany(static own => own)];
    }
}
