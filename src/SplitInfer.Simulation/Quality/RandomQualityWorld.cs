using SplitInfer.Policies.Quality;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Simulation.Quality;

/// <summary>Worlds with random models, users, deadlines and loads, whose servers can run the shallowest exit for all.</summary>
public static class RandomQualityWorld
{
    /// <summary>The most that the shallowest exits take of the servers' time.</summary>
    private const double MostUtilization = 0.9;

    /// <summary>A random world; the same seed gives the same one.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="requests">About how many requests come.</param>
    public static QualityWorld Of(int seed, int requests = 20_000)
    {
        var random = new ScenarioRandom(seed);
        var models = Enumerable.Range(0, random.Whole(1, 3)).Select(_ => Model(random)).ToArray();
        var (full, least) = (models.Average(static exits => exits[^1].Seconds), models.Average(static exits => exits[0].Seconds));
        var world = new QualityWorld
        {
            Seed = seed,
            Models = models,
            Users = (int)random.LogUniform(models.Length, 64),
            Servers = random.Whole(1, 3),
            Load = random.Uniform(0.1, MostUtilization) * full / least,
            // Short of what the slowest model takes whole to ten times that.
            Deadlines = [.. Enumerable.Range(0, random.Whole(1, 3)).Select(_ => random.LogUniform(Math.Max(0.6 * full, 2.5 * models.Max(static exits => exits[0].Seconds)), 10 * full))],
            IsDeadlineOfUser = random.Flag(0.5),
            Confidence = random.Flag(0.3) ? 0 : random.Uniform(0.5, 0.95),
            IsBursty = random.Flag(0.3),
            HasChurn = random.Flag(0.3),
            TimeDeviation = random.Flag(0.5) ? 0 : random.Uniform(0.01, 0.1),
        };
        // A few users may all be away.
        world = world with { HasChurn = world.HasChurn && world.Users >= 8 };
        return world with { Seconds = requests / world.Rate, KillAt = requests / world.Rate / 4 };
    }

    private static List<ModelExit> Model(ScenarioRandom random)
    {
        var count = random.Whole(2, 6);
        var full = random.LogUniform(0.005, 0.05);
        double[] seconds = [.. Enumerable.Range(0, count - 1).Select(_ => full * random.Uniform(0.08, 0.95)).Append(full).Order()];
        var accuracy = random.Uniform(0.5, 0.95);
        var exits = new List<ModelExit> { new(seconds[0], accuracy) };
        // What is lacking becomes less from exit to exit, or now and then more; but no second gives more than the first ones, or refusing some would be
        // better than answering all.
        for (var e = 1; e < count; e++)
        {
            accuracy = Math.Min(0.999, accuracy + ((1 - accuracy) * random.Uniform(-0.05, 0.7)));
            exits.Add(new(seconds[e], Math.Min(accuracy, exits[0].Accuracy * seconds[e] / seconds[0])));
        }

        return exits;
    }
}
