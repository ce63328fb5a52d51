using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>Puts a quantisation and a dequantisation behind activations.</summary>
internal sealed class ActivationQuantization(GraphEdit edit, ActivationFormat format, IReadOnlyDictionary<string, QuantizationRange> ranges)
{
    private readonly Dictionary<QuantizationRange, (string Scale, string ZeroPoint)> _parameters = [];
    private string? _least;

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
        if (!FollowsPooling(producer, operations))
        {
            edit.InsertBehind(producer, quantize, dequantize);
            return;
        }

        var kept = edit.Fresh($"{value}/kept");
        _least ??= edit.Add("quantization/least", ElementType.Float32, [float.MinValue]);
        quantize.Input[0] = kept;
        edit.InsertBehind(producer, Ops.Node("Max", kept, [source, _least], kept), quantize, dequantize);
    }

    /// <summary>
    /// Whether a pooling in float yields a value. ONNX Runtime would move the quantisation in front of it, and pools integers many times slower than float32, except between products
    /// of integers. It does not move it across the larger of a value and the least of all numbers, which is the value.
    /// </summary>
    private bool FollowsPooling(NodeProto? node, QuantizedOperations operations)
    {
        while (node is not null && !operations.Has(node) && (QuantizedOperations.IsMover(node) || Ops.IsOneOf(node, "Relu", "Clip")))
        {
            if (Ops.Is(node, "MaxPool")) return true;
            node = edit.ProducerOf(node.Input[0]);
        }

        return false;
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
