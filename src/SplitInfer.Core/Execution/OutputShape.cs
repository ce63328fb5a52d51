using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Execution;

/// <summary>Determines the shape of an output before the run: from the model if it fixes the shape, else from inputs with the same symbols.</summary>
internal sealed class OutputShape
{
    /// <summary>Real operators are far below it; it limits the stack that a hostile model can use.</summary>
    private const int MaxRank = 64;

    private readonly TensorShape _fixed;
    private readonly (long Size, int Input, int Axis)[]? _sources;

    private OutputShape(TensorShape shape) => _fixed = shape;

    private OutputShape((long Size, int Input, int Axis)[] sources) => _sources = sources;

    /// <summary>The rule for an output; null if the shape is known only after the run.</summary>
    public static OutputShape? From(EngineValue output, ImmutableArray<EngineValue> inputs)
    {
        if (output.Kind != EngineValueKind.Tensor || !output.HasShape || output.Dimensions.Length > MaxRank || !output.ElementType.HasFixedSize()) return null;
        // An output that is an input is handed through by reference: the engine would leave memory that is prepared for it as it was.
        if (inputs.Any(input => input.Name == output.Name)) return null;
        var sources = new (long Size, int Input, int Axis)[output.Dimensions.Length];
        for (var axis = 0; axis < sources.Length; axis++)
        {
            sources[axis] = output.Dimensions[axis] >= 0 ? (output.Dimensions[axis], -1, -1) : Find(output.Symbols[axis], inputs);
            if (sources[axis] is (< 0, < 0, _)) return null;
        }

        return Array.TrueForAll(sources, static source => source.Input < 0)
            ? new(new TensorShape([.. sources.Select(static source => source.Size)]))
            : new(sources);
    }

    /// <summary>The shape for one run.</summary>
    /// <param name="inputs">By place in the session; null if none is given.</param>
    /// <param name="shape">The shape.</param>
    /// <returns>Whether the inputs tell it.</returns>
    public bool TryResolve(ReadOnlySpan<TensorValue?> inputs, out TensorShape shape)
    {
        shape = _fixed;
        if (_sources is null) return true;
        Span<long> dimensions = stackalloc long[_sources.Length];
        for (var i = 0; i < dimensions.Length; i++)
        {
            var (size, input, axis) = _sources[i];
            if (input < 0)
                dimensions[i] = size;
            else if (inputs[input] is { } tensor && axis < tensor.Shape.Rank)
                dimensions[i] = tensor.Shape.Dimensions[axis];
            else
                return false;
        }

        shape = new(dimensions);
        return true;
    }

    private static (long Size, int Input, int Axis) Find(string? symbol, ImmutableArray<EngineValue> inputs)
    {
        if (symbol is not null)
            for (var input = 0; input < inputs.Length; input++)
                if (inputs[input].Symbols.IndexOf(symbol) is >= 0 and var axis) return (-1, input, axis);
        return (-1, -1, -1);
    }
}
