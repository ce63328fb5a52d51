using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>Puts a quantisation and a dequantisation behind activations.</summary>
internal sealed class ActivationQuantization(GraphEdit edit, ActivationFormat format, IReadOnlyDictionary<string, QuantizationRange> ranges)
{
    private readonly Dictionary<QuantizationRange, (string Scale, string ZeroPoint)> _parameters = [];

    /// <summary>Quantises a value. Whoever reads it afterwards reads what the integers stand for.</summary>
    public void Insert(string value, QuantizedOperations operations)
    {
        var (scale, zeroPoint) = ParametersOf(ranges[value]);
        var producer = edit.ProducerOf(value);
        var source = value;
        var result = edit.Fresh($"{value}/dequantized");
        if (producer is not null && edit.IsOutput(value))
        {
            // The output of the model keeps its name.
            source = edit.Fresh($"{value}/float");
            for (var i = 0; i < producer.Output.Count; i++)
                if (producer.Output[i] == value) producer.Output[i] = source;
            result = value;
            edit.Forget();
        }

        var integers = edit.Fresh($"{value}/quantized");
        var quantize = Ops.Node("QuantizeLinear", integers, [source, scale, zeroPoint], integers);
        var dequantize = Ops.Node("DequantizeLinear", result, [integers, scale, zeroPoint], result);
        if (producer is null)
        {
            // What is fed to the model stays as it is for all that compute in float.
            edit.Redirect(value, result, [.. edit.ReadersOf(value).Where(reader => !operations.Has(reader))]);
            edit.InsertFirst(quantize, dequantize);
            return;
        }

        if (result != value) edit.Redirect(value, result);
        edit.InsertBehind(producer, quantize, dequantize);
    }

    private (string Scale, string ZeroPoint) ParametersOf(QuantizationRange range)
    {
        if (_parameters.TryGetValue(range, out var known)) return known;
        var scale = edit.Add("quantization/scale", ElementType.Float32, [range.Scale]);
        var zeroPoint = format == ActivationFormat.Unsigned
            ? edit.Add("quantization/zero", ElementType.UInt8, [range.ZeroPoint])
            : edit.Add("quantization/zero", ElementType.Int8, [(sbyte)(range.ZeroPoint - 128)]);
        return _parameters[range] = (scale, zeroPoint);
    }
}
