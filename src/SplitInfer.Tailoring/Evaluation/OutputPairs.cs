using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Evaluation;

/// <summary>Which output of one model stands for which of another: those of the same name or, where names differ, those of the same place.</summary>
internal sealed class OutputPairs
{
    private readonly int[] _places;
    private readonly bool[] _isExact;

    private OutputPairs(int[] places, bool[] isExact) => (_places, _isExact) = (places, isExact);

    /// <summary>Number of outputs.</summary>
    public int Count => _places.Length;

    /// <summary>By output of the model compared with: the place of the output that is compared.</summary>
    public int PlaceOf(int output) => _places[output];

    /// <summary>Whether an output is made of whole numbers or truth values, which are the same or are not.</summary>
    public bool IsExact(int output) => _isExact[output];

    /// <summary>Pairs the outputs of two models.</summary>
    /// <exception cref="TensorMismatchException">One has outputs that the other has not, or of another kind.</exception>
    public static OutputPairs Of(IEngineSession actual, IEngineSession expected)
    {
        if (actual.Outputs.Length != expected.Outputs.Length)
            throw new TensorMismatchException($"One model has the outputs {Names(actual)} and the other {Names(expected)}. Compare models of the same outputs.");
        var places = expected.Outputs.Select(output => Enumerable.Range(0, actual.Outputs.Length).FirstOrDefault(place => actual.Outputs[place].Name == output.Name, -1)).ToArray();
        if (places.Contains(-1)) places = [.. Enumerable.Range(0, places.Length)];
        for (var output = 0; output < places.Length; output++)
        {
            var (left, right) = (actual.Outputs[places[output]], expected.Outputs[output]);
            if (left.ElementType != right.ElementType && !(FloatingPoint.Is(left.ElementType) && FloatingPoint.Is(right.ElementType)))
                throw new TensorMismatchException($"The output '{left.Name}' is {left.ElementType.DisplayName()} in one model and {right.ElementType.DisplayName()} in the other. Compare models of the same outputs.");
        }

        return new(places, [.. expected.Outputs.Select(static output => !FloatingPoint.Is(output.ElementType))]);
    }

    private static string Names(IEngineSession session) => string.Join(", ", session.Outputs.Select(static output => $"'{output.Name}'"));
}
