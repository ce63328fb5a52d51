using SplitInfer.Exits;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Exits;

/// <summary>An exit by the book: every sum in double precision, one element after the other.</summary>
internal static class NaiveExit
{
    /// <summary>Scores before the softmax.</summary>
    public static double[] Logits(ModelExits exits, ModelExit exit, TensorValue[] boundary)
    {
        double[] features = [.. exit.Features.SelectMany(value => Features(value, boundary[value.Place]))];
        return [.. Enumerable.Range(0, exits.Classes).Select(place => (features.Index().Sum(f => f.Item * exit.Weights.Span[(place * features.Length) + f.Index]) + exit.Biases.Span[place]) / exit.Temperature)];
    }

    /// <summary>The softmax of scores.</summary>
    public static double[] Probabilities(double[] logits)
    {
        var exponentials = logits.Select(logit => Math.Exp(logit - logits.Max())).ToArray();
        return [.. exponentials.Select(value => value / exponentials.Sum())];
    }

    private static IEnumerable<double> Features(ExitFeatures value, TensorValue tensor)
    {
        var numbers = new double[tensor.Shape.ElementCount];
        ElementWidening.ToDouble(tensor.ElementType, tensor.Bytes.Span, numbers);
        var sizes = tensor.Shape.Dimensions.ToArray();
        switch (value.Pooling)
        {
            case ExitPooling.Flat:
                return numbers;
            case ExitPooling.Mean:
                return Enumerable.Range(0, (int)sizes[^1]).Select(channel => numbers.Where((_, at) => at % sizes[^1] == channel).Average());
            default:
                return from channel in Enumerable.Range(0, (int)sizes[1])
                       from row in Enumerable.Range(0, value.Rows)
                       from column in Enumerable.Range(0, value.Columns)
                       select (from y in Cell(row, sizes[2], value.Rows) from x in Cell(column, sizes[3], value.Columns) select numbers[(((channel * sizes[2]) + y) * sizes[3]) + x]).Average();
        }
    }

    private static IEnumerable<int> Cell(int cell, long size, int cells) => Enumerable.Range(0, (int)size).Where(at => at >= cell * size / cells && at < (cell + 1) * size / cells);
}
