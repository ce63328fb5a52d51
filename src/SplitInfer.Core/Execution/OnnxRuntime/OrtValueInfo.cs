using System.Collections.Immutable;
using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>What a session says of one of its inputs or outputs.</summary>
/// <param name="Name">The name of the value.</param>
/// <param name="Kind">What sort of value it is; what follows is about tensors.</param>
/// <param name="ElementType">The type of the elements; undefined where <see cref="Tensors.ElementType"/> has no word for it.</param>
/// <param name="HasShape">Whether the rank is known.</param>
/// <param name="Dimensions">The dimensions, −1 where the model does not fix one; empty for a scalar and where the rank is not known.</param>
/// <param name="Symbols">The name of each dimension that the model does not fix; null where it is fixed or has no name.</param>
internal sealed record OrtValueInfo(
    string Name, OrtValueKind Kind, ElementType ElementType, bool HasShape, ImmutableArray<long> Dimensions, ImmutableArray<string?> Symbols)
{
    /// <summary>The same as a spec; a dimension without size and name gets a name of its own.</summary>
    /// <exception cref="NotSupportedException">The value is not a tensor, or its rank is not known.</exception>
    public TensorSpec ToSpec() => Kind == OrtValueKind.Tensor && HasShape
        ? new(Name, ElementType, [.. Dimensions.Select((size, axis) => size >= 0 ? Dimension.Fixed(size) : Dimension.Symbolic(Symbols[axis] ?? $"{Name}.{axis}"))])
        : throw new NotSupportedException($"'{Name}' is {(Kind == OrtValueKind.Tensor ? "a tensor of unknown rank" : $"of kind {Kind}")}, which no tensor spec describes.");

    /// <summary>Reads a native type, which stays the caller's.</summary>
    public static unsafe OrtValueInfo Read(OrtApi api, string name, nint typeInfo)
    {
        var kind = api.GetOnnxTypeFromTypeInfo(typeInfo);
        var tensor = api.CastTypeInfoToTensorInfo(typeInfo);
        if (tensor == 0) return new(name, kind, ElementType.Undefined, HasShape: false, [], []);

        var type = api.GetTensorElementType(tensor);
        var dimensions = api.GetDimensions(tensor);
        var symbols = new nint[dimensions.Length];
        fixed (nint* first = symbols) api.GetSymbolicDimensions(tensor, (byte**)first, symbols.Length);
        return new(
            name, kind, Enum.IsDefined(type) ? type : ElementType.Undefined,
            api.TensorTypeAndShapeHasShape(tensor, dimensions.Length),
            ImmutableCollectionsMarshal.AsImmutableArray(dimensions),
            [.. symbols.Select(static symbol => Marshal.PtrToStringUTF8(symbol) is { Length: > 0 } text ? text : null)]);
    }
}
