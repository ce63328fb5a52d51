namespace SplitInfer.Simulation.Quality;

/// <summary>A bound on the accuracy in time that anybody can reach who knows all arrivals.</summary>
/// <remarks>
/// Two things are made easier. Runs can be interrupted at any time and taken up again by any server, all of which are one as fast as they are together; and a
/// run that is given x seconds is as accurate as the upper concave hull of what exits reach, from (0, 0) on, given all that exits ever show of an input. Seconds that can be given to requests between arrival and
/// deadline are then a polymatroid, over which a separable concave sum is largest for the greedy choice (Federgruen and Groenevelt, 1986): steeper parts of
/// hulls first. With F(p) as the most that can be run in time when each request asks for the part of its hull that is steeper than p, the largest sum is the
/// integral of F over p. F is what serving by deadlines reaches when what is late is cut off. Whatever a contender does is feasible here, in expectation over
/// what inputs are like, so it is no better. Holds where runs take what they are expected to.
/// </remarks>
internal sealed class OfflineBound(QualityWorld world, SimulatedQuery[] queries, ContentModel[] contents)
{
    public QualityResult Result()
    {
        return new()
        {
            Contender = QualityContender.Optimum,
            Requests = queries.Length,
            Misses = 0,
            Accuracy = Sum() / Math.Max(1, queries.Length),
            LateAccuracy = double.NaN,
            LeastUserShare = double.NaN,
            Utilization = double.NaN,
            MeanSeconds = double.NaN,
            PriceBytesPerSecond = 0,
            MostReportBytes = 0,
        };
    }

    private double Sum()
    {
        var hulls = contents.Select(static content => content.Frontier()).ToArray();
        double[] slopes = [.. hulls.SelectMany(static hull => Enumerable.Range(1, hull.Count - 1).Select(i => Slope(hull, i))).Distinct().OrderDescending()];
        var (sum, demands) = (0.0, new double[hulls.Length]);
        for (var k = 0; k < slopes.Length; k++)
        {
            for (var model = 0; model < hulls.Length; model++)
            {
                var last = 0;
                while (last + 1 < hulls[model].Count && Slope(hulls[model], last + 1) >= slopes[k]) last++;
                demands[model] = hulls[model][last].Seconds;
            }

            sum += (slopes[k] - (k + 1 < slopes.Length ? slopes[k + 1] : 0)) * MostSeconds(demands);
        }

        return sum;
    }

    /// <summary>The most seconds of runs between arrivals and deadlines, where each request asks for what its model does.</summary>
    internal double MostSeconds(double[] demands)
    {
        var waiting = new PriorityQueue<int, double>();
        var left = new double[queries.Length];
        var (now, done, next) = (0.0, 0.0, 0);
        while (next < queries.Length || waiting.Count > 0)
        {
            if (waiting.Count == 0) now = Math.Max(now, queries[next].At);
            while (next < queries.Length && queries[next].At <= now)
            {
                left[next] = demands[queries[next].Model];
                waiting.Enqueue(next, queries[next].DueAt);
                next++;
            }

            var query = waiting.Peek();
            if (queries[query].DueAt <= now)
            {
                waiting.Dequeue();
                continue;
            }

            var speed = SpeedAt(now);
            var until = Math.Min(Math.Min(queries[query].DueAt, now + (left[query] / speed)), next < queries.Length ? queries[next].At : double.PositiveInfinity);
            if (now < world.SlowAt) until = Math.Min(until, world.SlowAt);
            var seconds = Math.Min(left[query], (until - now) * speed);
            // What is left may be less than the clock can tell.
            var isOver = until <= now;
            (done, now) = (done + seconds, until);
            left[query] -= seconds;
            if (left[query] <= 1e-12 || isOver) waiting.Dequeue();
        }

        return done;
    }

    private double SpeedAt(double now) => Enumerable.Range(0, world.Servers).Sum(server => 1 / world.SlownessOf(server, now));

    private static double Slope(IReadOnlyList<Policies.Quality.ModelExit> hull, int i) => (hull[i].Accuracy - hull[i - 1].Accuracy) / (hull[i].Seconds - hull[i - 1].Seconds);
}
