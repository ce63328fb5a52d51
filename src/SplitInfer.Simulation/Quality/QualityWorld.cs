using SplitInfer.Policies.Quality;

namespace SplitInfer.Simulation.Quality;

/// <summary>Users who send requests with deadlines to a few servers. The same world gives the same requests, whoever serves them.</summary>
public sealed record QualityWorld
{
    /// <summary>Seed of all that is random.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How long requests come, s.</summary>
    public double Seconds { get; init; } = 60;

    /// <summary>Requests that come, as a multiple of those that the servers could run to the end.</summary>
    public double Load { get; init; } = 1.5;

    /// <summary>Users.</summary>
    public int Users { get; init; } = 16;

    /// <summary>Servers; each runs one request at a time.</summary>
    public int Servers { get; init; } = 1;

    /// <summary>Exits of each model; users share them evenly. By default one of 2, 5 and 10 ms with .910, .960 and .995.</summary>
    public IReadOnlyList<IReadOnlyList<ModelExit>> Models { get; init; } = [[new(0.002, 0.910), new(0.005, 0.960), new(0.010, 0.995)]];

    /// <summary>Deadlines, s, equally frequent.</summary>
    public IReadOnlyList<double> Deadlines { get; init; } = [0.010, 0.030, 0.100];

    /// <summary>Whether all requests of a user have one deadline; otherwise each has any.</summary>
    public bool IsDeadlineOfUser { get; init; }

    /// <summary>How much confidence tells of which answers are right: 0 for nothing, 1 for all.</summary>
    public double Confidence { get; init; } = 0.9;

    /// <summary>Whether requests come in bursts: for half a second in two and a half, in the mean, four times as many as between them.</summary>
    public bool IsBursty { get; init; }

    /// <summary>Whether users come and go: a user stays for 10 s and is away for 5 s in the mean.</summary>
    public bool HasChurn { get; init; }

    /// <summary>When the last server becomes slower, s; infinite for never.</summary>
    public double SlowAt { get; init; } = double.PositiveInfinity;

    /// <summary>What its runs then take, as a multiple.</summary>
    public double SlowFactor { get; init; } = 2;

    /// <summary>When the coordinator dies, for the contender whose does, s.</summary>
    public double KillAt { get; init; } = 15;

    /// <summary>By how much the logarithm of what runs take scatters; a standard deviation. 0 by default.</summary>
    public double TimeDeviation { get; init; }

    /// <summary>Requests of a second, in the mean.</summary>
    public double Rate => Load * Servers / Models.Average(static exits => exits[^1].Seconds);

    internal double SlownessOf(int server, double at) => server == Servers - 1 && at >= SlowAt ? SlowFactor : 1;
}
