namespace SplitInfer.Simulation.Quality;

/// <summary>A request of a simulated user.</summary>
/// <param name="At">When it comes, s.</param>
/// <param name="DueAt">When its answer is due, s.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Model">Of which model.</param>
/// <param name="Hardness">How hard its input is, N(0,1).</param>
internal readonly record struct SimulatedQuery(double At, double DueAt, int User, int Model, double Hardness);

/// <summary>All requests of a world in the order in which they come.</summary>
internal static class QualityTrace
{
    private const double BurstRate = 2.5;
    private const double CalmRate = 0.625;
    private const double BurstSeconds = 0.5;
    private const double CalmSeconds = 2;
    private const double StaySeconds = 10;
    private const double AwaySeconds = 5;
    private const double RateDeviation = 0.5;

    private enum Stream { Bursts = 1, Rates, Stays, Arrivals }

    public static SimulatedQuery[] Of(QualityWorld world)
    {
        var bursts = Phases(world, new Draws(world.Seed, 0, (int)Stream.Bursts), BurstSeconds, CalmSeconds, world.IsBursty);
        double[] shares = [.. Enumerable.Range(0, world.Users).Select(user => Math.Exp(RateDeviation * new Draws(world.Seed, user, (int)Stream.Rates).Normal()))];
        var scale = world.Rate / shares.Sum() * (world.HasChurn ? (StaySeconds + AwaySeconds) / StaySeconds : 1);
        var queries = new List<SimulatedQuery>();
        for (var user = 0; user < world.Users; user++)
        {
            var stays = Phases(world, new Draws(world.Seed, user, (int)Stream.Stays), StaySeconds, AwaySeconds, world.HasChurn);
            var draws = new Draws(world.Seed, user, (int)Stream.Arrivals);
            // Thinned from the highest rate that there is.
            var highest = shares[user] * scale * (world.IsBursty ? BurstRate : 1);
            for (var at = Gap(ref draws, highest); at < world.Seconds; at += Gap(ref draws, highest))
            {
                var isKept = draws.Uniform() * highest <= shares[user] * scale * (world.IsBursty ? (IsIn(bursts, at) ? BurstRate : CalmRate) : 1);
                var deadline = world.Deadlines[world.IsDeadlineOfUser ? user % world.Deadlines.Count : Math.Min(world.Deadlines.Count - 1, (int)(draws.Uniform() * world.Deadlines.Count))];
                var hardness = draws.Normal();
                if (isKept && (!world.HasChurn || IsIn(stays, at))) queries.Add(new(at, at + deadline, user, user % world.Models.Count, hardness));
            }
        }

        queries.Sort(static (a, b) => a.At.CompareTo(b.At));
        return [.. queries];
    }

    private static double Gap(ref Draws draws, double rate) => -Math.Log(draws.Uniform()) / rate;

    // Starts and ends in turn.
    private static List<double> Phases(QualityWorld world, Draws draws, double seconds, double between, bool any)
    {
        var times = new List<double>();
        if (!any) return times;
        // Begins within one as often as phases take.
        var at = draws.Uniform() < seconds / (seconds + between) ? 0 : Gap(ref draws, 1 / between);
        while (at < world.Seconds)
        {
            times.Add(at);
            times.Add(at += Gap(ref draws, 1 / seconds));
            at += Gap(ref draws, 1 / between);
        }

        return times;
    }

    private static bool IsIn(List<double> phases, double at)
    {
        var i = phases.BinarySearch(at);
        return ((i >= 0 ? i : ~i - 1) & 1) == 0 && (i >= 0 || ~i > 0);
    }
}
