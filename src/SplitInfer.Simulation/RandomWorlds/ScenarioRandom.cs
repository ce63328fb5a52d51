namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>Random numbers for scenarios; the same seed gives the same numbers.</summary>
internal sealed class ScenarioRandom(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>The seed of one world of a sequence, at least 0: <see cref="Random"/> draws the same for a number and its negative.</summary>
    /// <param name="sequence">The seed of the sequence.</param>
    /// <param name="index">Its place there.</param>
    public static int SeedOf(int sequence, int index) => unchecked((sequence * 1_000_003) + index) & int.MaxValue;

    public int Whole(int min, int max) => _random.Next(min, max + 1);

    public bool Flag(double probability) => _random.NextDouble() < probability;

    public double Uniform(double min, double max) => min + ((max - min) * _random.NextDouble());

    /// <summary>As likely to be between 1 and 2 as between 10 and 20.</summary>
    public double LogUniform(double min, double max) => Math.Exp(Uniform(Math.Log(min), Math.Log(max)));

    /// <summary>A factor whose logarithm is N(0, deviation²).</summary>
    public double Factor(double deviation)
    {
        // Box and Muller; the first draw is never 0.
        var radius = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
        return Math.Exp(deviation * radius * Math.Cos(2 * Math.PI * _random.NextDouble()));
    }
}
