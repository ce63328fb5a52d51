using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Declarations of values.</summary>
internal static class Infos
{
    /// <summary>A value of any shape.</summary>
    public static ValueInfoProto Of(string name, ElementType type) =>
        new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)type } } };

    public static ValueInfoProto Of(string name, ElementType type, ReadOnlySpan<Axis> axes)
    {
        var info = Of(name, type);
        info.Type.TensorType.Shape = new();
        foreach (var axis in axes)
            info.Type.TensorType.Shape.Dim.Add(DimensionOf(axis));
        return info;
    }

    private static TensorShapeProto.Types.Dimension DimensionOf(Axis axis) =>
        axis.Symbol is null ? new() { DimValue = axis.Size } : new() { DimParam = axis.Symbol };

    public static ValueInfoProto Of(TensorProto tensor) =>
        Of(tensor.Name, (ElementType)tensor.DataType, [.. tensor.Dims.Select(static d => (Axis)d)]);
}
