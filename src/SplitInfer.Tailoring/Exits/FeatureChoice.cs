using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>
/// Chooses what an exit reads of a boundary. Every value that is readable has an equal part of the features allowed. A value that fits is taken as it is; of a larger
/// map, 1×C×H×W, the means of the finest square grid that fits, down to one mean a channel; of a larger sequence, 1×T×C, the mean over its positions.
/// </summary>
internal static class FeatureChoice
{
    /// <summary>The features of a partition; none where nothing of its boundary can be read in so few.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="shapeOf">The shape of a value by name, for the sizes that the plan was made with; null if unknown.</param>
    /// <param name="maxFeatures">The most features.</param>
    public static ImmutableArray<ExitFeatures> Of(Partition partition, Func<string, TensorShape?> shapeOf, int maxFeatures)
    {
        var readable = partition.Boundary.Index().Where(static value => ExitFeatures.CanRead(value.Item.Type)).Select(value => (value.Index, value.Item, Shape: shapeOf(value.Item.Name))).Where(static value => value.Shape is { ElementCount: > 0 }).ToArray();
        if (readable.Length == 0) return [];
        var share = maxFeatures / readable.Length;
        return [.. readable.Select(value => Of(value.Index, value.Item, value.Shape!.Value, share)).OfType<ExitFeatures>()];
    }

    private static ExitFeatures? Of(int place, TensorSpec value, TensorShape shape, int most)
    {
        var features = new ExitFeatures { Place = place, Name = value.Name, Type = value.Type, Shape = shape, Pooling = ExitPooling.Flat };
        if (shape.ElementCount <= most) return features;
        if (shape.Rank == 3 && shape.Dimensions[0] == 1 && shape.Dimensions[2] <= most) return features with { Pooling = ExitPooling.Mean };
        if (shape.Rank != 4 || shape.Dimensions[0] != 1 || shape.Dimensions[1] > most) return null;
        var (height, width) = ((int)shape.Dimensions[2], (int)shape.Dimensions[3]);
        var side = (int)Math.Sqrt(most / shape.Dimensions[1]);
        return features with { Pooling = ExitPooling.Grid, Rows = Math.Clamp(side, 1, height), Columns = Math.Clamp(side, 1, width) };
    }
}
