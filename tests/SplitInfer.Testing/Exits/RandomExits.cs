using SplitInfer.Exits;
using SplitInfer.Tensors;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Testing.Exits;

/// <summary>Seeded exits of no model.</summary>
internal static class RandomExits
{
    private static readonly ElementType[] Types = [ElementType.Float32, ElementType.Float32, ElementType.Float16, ElementType.BFloat16, ElementType.Float64, ElementType.UInt8, ElementType.Int8];

    /// <summary>Exits with any weights.</summary>
    public static ModelExits Of(Random random)
    {
        var classes = random.Next(2, 12);
        return new()
        {
            Model = WirePlan.Digest((byte)random.Next(256)), Plan = WirePlan.Digest((byte)random.Next(256)), Output = "y", Classes = classes, Scores = (ExitScores)random.Next(2),
            Promise = new() { MaxLoss = 0.01, Confidence = 0.95, Bound = "ClopperPearson", TrainingSamples = 10, CalibrationSamples = 5, ThresholdSamples = 400, Errors = 1, LossHigh = 0.0118, ExitRate = random.NextDouble() },
            Exits = [.. Enumerable.Range(0, random.Next(1, 4)).Select(place => ExitOf(random, 3 * place + random.Next(3), classes))],
        };
    }

    /// <summary>One exit.</summary>
    public static ModelExit ExitOf(Random random, int partition, int classes)
    {
        ExitFeatures[] values = [.. Enumerable.Range(0, random.Next(1, 4)).Select(place => FeaturesOf(random, 2 * place + random.Next(2)))];
        var features = values.Sum(static value => value.Count);
        return new()
        {
            Partition = partition, Features = [.. values], Weights = Numbers(random, classes * features), Biases = Numbers(random, classes), Temperature = 0.2 + (3 * random.NextDouble()), TeachingTemperature = 1 + random.NextDouble(),
            Threshold = random.NextDouble(), ExitRate = random.NextDouble(), Agreement = random.NextDouble(),
        };
    }

    /// <summary>A boundary that an exit reads, with some more values that it does not.</summary>
    public static TensorValue[] BoundaryOf(Random random, ModelExit exit)
    {
        var boundary = new TensorValue[exit.Features[^1].Place + 1 + random.Next(2)];
        for (var place = 0; place < boundary.Length; place++)
            boundary[place] = exit.Features.FirstOrDefault(value => value.Place == place) is { } read ? RandomTensor.Normal(random, read.Type, read.Shape.Dimensions) : RandomTensor.Normal(random, ElementType.Int64, 2);
        return boundary;
    }

    private static ExitFeatures FeaturesOf(Random random, int place)
    {
        var value = new ExitFeatures { Place = place, Name = $"value {place}", Type = Types[random.Next(Types.Length)], Shape = default, Pooling = (ExitPooling)random.Next(3) };
        switch (value.Pooling)
        {
            case ExitPooling.Grid:
                var (height, width) = (random.Next(1, 20), random.Next(1, 20));
                return value with { Shape = new(1, random.Next(1, 5), height, width), Rows = random.Next(1, height + 1), Columns = random.Next(1, width + 1) };
            case ExitPooling.Mean:
                return value with { Shape = new(1, random.Next(1, 6), random.Next(1, 30)) };
            default:
                return value with { Shape = new([.. Enumerable.Range(0, random.Next(5)).Select(_ => (long)random.Next(1, 5))]) };
        }
    }

    private static float[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)RandomTensor.NextNormal(random))];
}
