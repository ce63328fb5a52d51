using SplitInfer.Execution;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning;

/// <summary>Converts an engine's description of a tensor to the form that model files use.</summary>
internal static class EngineValueInfos
{
    /// <summary>The description of a tensor.</summary>
    /// <param name="value">What the engine says of it.</param>
    /// <param name="symbolOf">The name of a dimension that is not fixed, by its axis; null leaves the dimension without one.</param>
    public static ValueInfoProto Of(EngineValue value, Func<int, string?> symbolOf)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)value.ElementType };
        if (value.HasShape)
        {
            tensor.Shape = new();
            foreach (var (axis, size) in value.Dimensions.Index())
                tensor.Shape.Dim.Add(size >= 0 ? new TensorShapeProto.Types.Dimension { DimValue = size } : symbolOf(axis) is { } symbol ? new() { DimParam = symbol } : new());
        }

        return new() { Name = value.Name, Type = new() { TensorType = tensor } };
    }
}
