namespace SplitInfer.Simulation.Quality;

/// <summary>Adds up what a contender makes of a world.</summary>
internal sealed class QualityTally(QualityWorld world, SimulatedQuery[] queries, ContentModel[] contents)
{
    private const int FewRequests = 100;

    // Sums of seconds round differently by the order in which they are added.
    private const double Rounding = 1e-9;

    private readonly double[] _accuracy = new double[world.Users];
    private double _late;
    private double _seconds;
    private int _answered;
    private int _inTime;
    private long _priceBytes;
    private int _mostReportBytes;

    public void Count(int query, int exit, double now)
    {
        (_answered, _seconds) = (_answered + 1, _seconds + now - queries[query].At);
        if (now > queries[query].DueAt + Rounding) return;
        var accuracy = contents[queries[query].Model].Right(exit, queries[query].Hardness);
        _inTime++;
        _accuracy[queries[query].User] += accuracy;
        if (queries[query].At >= world.KillAt) _late += accuracy;
    }

    public void CountBytes((int Price, int Report) bytes) => (_priceBytes, _mostReportBytes) = (_priceBytes + bytes.Price, Math.Max(_mostReportBytes, bytes.Report));

    public QualityResult Result(QualityContender contender, SimulatedNode[] nodes)
    {
        var requests = new int[world.Users];
        foreach (var query in queries) requests[query.User]++;
        double[] users = [.. Enumerable.Range(0, world.Users).Where(user => requests[user] >= FewRequests).Select(user => _accuracy[user] / requests[user])];
        return new()
        {
            Contender = contender,
            Requests = queries.Length,
            Misses = queries.Length == 0 ? 0 : 1 - ((double)_inTime / queries.Length),
            Accuracy = _accuracy.Sum() / Math.Max(1, queries.Length),
            LateAccuracy = _late / queries.Count(query => query.At >= world.KillAt),
            LeastUserShare = users.Length < 2 || users.Average() <= 0 ? 1 : users.Min() / users.Average(),
            Utilization = nodes.Sum(static node => node.Busy) / (world.Seconds * world.Servers),
            MeanSeconds = _seconds / _answered,
            PriceBytesPerSecond = _priceBytes / (world.Seconds * world.Servers),
            MostReportBytes = _mostReportBytes,
        };
    }
}
