using SplitInfer.Tensors;

namespace SplitInfer.Cli.Commands.Try;

/// <summary>Whether all frames have the same result. The first that it is told is what the others are compared with.</summary>
internal sealed class Agreement : IDisposable
{
    private TensorValue[]? _expected;

    /// <summary>Whether the largest element of the first output was the same in all; null where that is no list of scores.</summary>
    public bool? IsSameClass { get; private set; }

    /// <summary>The largest difference of an element.</summary>
    public double MaxAbs { get; private set; }

    /// <summary>Compares with the same result as this one, apart from it. The first result must be there.</summary>
    public Agreement Branch() => new() { _expected = [.. _expected!.Select(static output => output.Share())], IsSameClass = ClassOf(_expected![0]) is null ? null : true };

    /// <summary>Looks at the outputs of a frame.</summary>
    public void Add(IReadOnlyList<TensorValue> outputs)
    {
        if (_expected is null)
        {
            _expected = [.. outputs.Select(static output => output.Share())];
            IsSameClass = ClassOf(_expected[0]) is null ? null : true;
            return;
        }

        foreach (var (expected, actual) in _expected.Zip(outputs)) MaxAbs = Math.Max(MaxAbs, TensorDifference.Between(expected, actual).MaxAbs);
        if (IsSameClass is true && ClassOf(outputs[0]) != ClassOf(_expected[0])) IsSameClass = false;
    }

    public void Dispose()
    {
        foreach (var tensor in _expected ?? []) tensor.Dispose();
    }

    private static int? ClassOf(TensorValue scores)
    {
        if (scores.ElementType != ElementType.Float32 || scores.Shape.Dimensions.ToArray().Count(static size => size != 1) != 1) return null;
        var values = scores.Span<float>();
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }
}
