using SplitInfer.Policies.Experience;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>Statistics of random sessions.</summary>
internal static class RandomStatistics
{
    public static RatingSums Sums(int seed)
    {
        var random = new Random(seed);
        var sums = new RatingSums();
        var phi = new double[FeatureMap.Dimension];
        for (var i = random.Next(1, 30); i > 0; i--)
        {
            FeatureMap.Write(Device(random), Variant(random), phi);
            sums.Add(phi, random.NextDouble(), i == 1 || random.Next(2) == 0 ? 1 : random.NextDouble());
        }

        return sums;
    }

    public static ExperienceStatistics Of(int seed)
    {
        var signals = new SignalStatistics[SignalStatistics.Signals];
        signals[seed % signals.Length] = signals[seed % signals.Length].With(new Random(seed).NextDouble());
        return Sums(seed).WithoutTaste(new MixedModel(new()).TastePrecision, signals);
    }

    public static DeviceFeatures Device(Random random) => new()
    {
        Cores = random.Next(3) == 0 ? null : random.Next(1, 64), ClockGHz = 5 * random.NextDouble(), MemoryBytes = 64e9 * random.NextDouble(),
        Battery = random.Next(3) == 0 ? null : random.NextDouble(), Network = (NetworkClass)random.Next(5), SessionsPerDay = random.Next(0, 50),
    };

    public static VariantFeatures Variant(Random random) => new()
    {
        Accuracy = random.NextDouble(), Bytes = 1e9 * random.NextDouble(), Seconds = Math.Pow(10, 1 - (4 * random.NextDouble())), Joules = random.Next(3) == 0 ? null : 10 * random.NextDouble(),
        Lateness = random.NextDouble(),
    };

    public static double[] Numbers(ExperienceStatistics statistics)
    {
        var numbers = new List<double> { statistics.Weight };
        numbers.AddRange(statistics.A);
        numbers.AddRange(statistics.B);
        foreach (var signal in statistics.Signals) numbers.AddRange([signal.Count, signal.Sum, signal.Squares]);
        return [.. numbers];
    }
}
