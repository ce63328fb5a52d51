using Microsoft.ML.OnnxRuntime;
using SplitInfer.Tensors;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Makes copies of native values that may be more than tensors.</summary>
internal static class NativeValues
{
    /// <summary>A copy of a value, which the caller owns.</summary>
    /// <exception cref="EngineException">The value is of a kind that cannot be read.</exception>
    public static ModelValue Copy(OrtValue value)
    {
        switch (value.OnnxType)
        {
            case OnnxValueType.ONNX_TYPE_TENSOR:
                return ModelValue.Of(NativeTensors.Copy(value));
            case OnnxValueType.ONNX_TYPE_SEQUENCE:
                var items = new ModelValue[value.GetValueCount()];
                for (var i = 0; i < items.Length; i++)
                {
                    using var item = value.GetValue(i, OrtAllocator.DefaultInstance);
                    items[i] = Copy(item);
                }

                return ModelValue.Sequence(items);
            case OnnxValueType.ONNX_TYPE_MAP:
                using (var keys = value.GetValue(0, OrtAllocator.DefaultInstance))
                using (var values = value.GetValue(1, OrtAllocator.DefaultInstance))
                    return ModelValue.Map(NativeTensors.Copy(keys), NativeTensors.Copy(values));
            default:
                throw new EngineException(EngineErrorCode.NotImplemented, $"a value of kind {value.OnnxType} cannot be read. Turn it into a tensor in the model.");
        }
    }
}
