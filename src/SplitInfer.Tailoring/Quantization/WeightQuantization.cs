using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Writes weights and bias of a product as integers. The bias makes up for the mean error of the weights, where the mean of the activation is known:
/// b'_o = b_o + Σ_c mean(x_c)·Σ_k (w − ŵ)_ock.
/// </summary>
internal sealed class WeightQuantization(GraphEdit edit, Int8Options options, SampleStatistics statistics)
{
    // Half of what int32 holds, since products are added to it.
    private const double LargestBias = 1 << 30;

    /// <summary>Changes a node.</summary>
    /// <param name="node">The product.</param>
    /// <param name="activation">The range of what it reads.</param>
    public void Change(NodeProto node, QuantizationRange activation)
    {
        var proto = edit.ConstantOf(node.Input[1])!;
        var weights = edit.FloatsOf(node.Input[1])!;
        // Channels are the outputs of the product.
        var axis = Ops.Is(node, "Conv") || (Ops.Is(node, "Gemm") && Ops.Integer(node, "transB", 0) != 0) ? 0 : 1;
        var channels = (int)proto.Dims[axis];
        var inner = weights.Length / channels / (axis == 0 ? 1 : (int)proto.Dims[0]);
        var bias = Ops.Input(node, 2) is { Length: > 0 } name ? edit.FloatsOf(name) : null;
        // A tiny weight beside a large bias would need a bias that int32 does not hold.
        float[] leastScale = bias is null ? [] : [.. bias.Select(b => (float)(Math.Abs(b) / (LargestBias * activation.Scale)))];
        var quantized = QuantizedWeights.Of(weights, channels, inner, options.WeightBits, leastScale);
        var correction = options.CorrectsBias ? Correction(node, proto, weights, quantized, channels, inner, axis) : null;
        node.Input[1] = Dequantized($"{proto.Name}/quantized", edit.Add<sbyte>($"{proto.Name}/int8", ElementType.Int8, quantized.Integers, [.. proto.Dims]), quantized.Scales, axis, node, isBias: false);
        if (bias is not null || (correction is not null && !Ops.Is(node, "MatMul"))) SetBias(node, bias ?? new float[channels], correction, quantized.Scales, activation.Scale);
        edit.Forget();
    }

    private void SetBias(NodeProto node, float[] bias, float[]? correction, float[] weightScales, float activationScale)
    {
        var (integers, scales) = (new int[bias.Length], new float[bias.Length]);
        for (var i = 0; i < bias.Length; i++)
        {
            scales[i] = weightScales[i] * activationScale;
            integers[i] = (int)Math.Clamp(Math.Round((bias[i] + (correction?[i] ?? 0.0)) / scales[i]), int.MinValue, int.MaxValue);
        }

        var name = $"{node.Output[0]}/bias";
        var value = Dequantized($"{name}/quantized", edit.Add<int>($"{name}/int32", ElementType.Int32, integers, bias.Length), scales, 0, node, isBias: true);
        if (node.Input.Count > 2) node.Input[2] = value;
        else node.Input.Add(value);
    }

    private string Dequantized(string wanted, string integers, float[] scales, int axis, NodeProto reader, bool isBias)
    {
        var output = edit.Fresh(wanted);
        var scale = edit.Add<float>($"{integers}/scale", ElementType.Float32, scales, scales.Length);
        var zero = isBias ? edit.Add<int>($"{integers}/zero", ElementType.Int32, new int[scales.Length], scales.Length) : edit.Add<sbyte>($"{integers}/zero", ElementType.Int8, new sbyte[scales.Length], scales.Length);
        edit.InsertBefore(reader, Ops.Node("DequantizeLinear", output, [integers, scale, zero], output, Ops.Attribute("axis", axis)));
        return output;
    }

    private float[]? Correction(NodeProto node, TensorProto proto, float[] weights, QuantizedWeights quantized, int channels, int inner, int axis)
    {
        if (statistics.Find(node.Input[0]) is not { ChannelElements: > 0 } input) return null;
        var groups = Ops.Is(node, "Conv") ? (int)Ops.Integer(node, "group", 1) : 1;
        var correction = new float[channels];
        var isConv = Ops.Is(node, "Conv");
        // Conv: [out, in/groups, kernel…]; products: [out, in] or, not transposed, [in, out].
        var fed = isConv ? (int)proto.Dims[1] : weights.Length / channels;
        var kernel = isConv ? weights.Length / channels / fed : 1;
        if (input.ChannelSums.Length != fed * groups) return null;
        for (var o = 0; o < channels; o++)
        {
            double sum = 0;
            var first = groups > 1 ? o / (channels / groups) * fed : 0;
            for (var c = 0; c < fed; c++)
            {
                double difference = 0;
                for (var k = 0; k < kernel; k++)
                {
                    var place = axis == 0 ? (((o * fed) + c) * kernel) + k : (c * channels) + o;
                    difference += weights[place] - ((double)quantized.Scales[o] * quantized.Integers[place]);
                }

                sum += difference * (input.ChannelSums[first + c] / input.ChannelElements);
            }

            correction[o] = (float)sum;
        }

        return correction;
    }
}
