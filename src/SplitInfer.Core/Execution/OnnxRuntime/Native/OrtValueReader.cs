using System.Runtime.InteropServices;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

internal static class OrtValueReader
{
    /// <summary>Reads a native type, which stays the caller's.</summary>
    public static unsafe EngineValue Read(OrtApi api, string name, nint typeInfo)
    {
        var kind = api.GetOnnxTypeFromTypeInfo(typeInfo);
        var tensor = api.CastTypeInfoToTensorInfo(typeInfo);
        if (tensor == 0) return EngineValue.Other(name, kind);

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
