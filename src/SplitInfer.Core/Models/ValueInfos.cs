using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>Writes specs as a model file does.</summary>
internal static class ValueInfos
{
    public static ValueInfoProto Of(TensorSpec spec)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)spec.Type };
        if (spec.IsRanked)
        {
            tensor.Shape = new();
            tensor.Shape.Dim.Add(spec.Dimensions.Select(static d => d.IsFixed
                ? new TensorShapeProto.Types.Dimension { DimValue = d.Size }
                : new TensorShapeProto.Types.Dimension { DimParam = d.Symbol }));
        }

        return new() { Name = spec.Name, Type = new() { TensorType = tensor } };
    }
}
