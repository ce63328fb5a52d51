using System.Globalization;
using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Weights stored as 8-bit integers: w ≈ s_c·q with a scale for each output channel c. The graph multiplies them out by operators that engines
/// compute once when they load the model, so that it takes the time and the memory of the original, and a quarter of the bytes of the file. For
/// convolutions, <c>MatMul</c>, <c>Gemm</c>, and tables that <c>Gather</c> looks up. Refused where none of these has constant float32 weights.
/// </summary>
public sealed class WeightOnlyInt8 : ModelTransformation
{
    private const int Bits = 8;

    /// <summary>Fewer weights take about as many bytes in any form.</summary>
    private const int LeastWeights = 256;

    /// <inheritdoc/>
    public override string Name => "int8-weights";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        var forms = new Dictionary<(string, int), string>();
        foreach (var node in edit.Graph.Node.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var place = Ops.Is(node, "Gather") ? 0 : 1;
            if (!Ops.IsOneOf(node, "Conv", "ConvTranspose", "MatMul", "Gemm", "Gather") || edit.FloatsOf(Ops.Input(node, place)) is not { } weights || weights.Length < LeastWeights) continue;
            var (name, dimensions) = (node.Input[place], edit.ConstantOf(node.Input[place])!.Dims);
            if (dimensions.Count < 2) continue;
            var axis = AxisOf(node, dimensions.Count);
            if (!forms.TryGetValue((name, axis), out var form)) form = forms[(name, axis)] = Stored(edit, name, weights, [.. dimensions], axis);
            node.Input[place] = form;
            edit.Forget();
        }

        if (forms.Count == 0) throw edit.Refusal(Name, $"no Conv, MatMul, Gemm or Gather has constant float32 weights, {LeastWeights} or more");
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"stored {forms.Count} weights as 8-bit integers"));
    }

    private static int AxisOf(NodeProto node, int rank) => node.OpType switch
    {
        // A table that is looked up has a scale for each row.
        "Conv" or "Gather" => 0,
        "ConvTranspose" => 1,
        "Gemm" => Ops.Integer(node, "transB", 0) != 0 ? 0 : 1,
        _ => rank - 1,
    };

    private static string Stored(GraphEdit edit, string name, float[] weights, long[] dimensions, int axis)
    {
        var channels = (int)dimensions[axis];
        var inner = (int)dimensions[(axis + 1)..].Aggregate(1L, static (product, size) => product * size);
        var quantized = QuantizedWeights.Of(weights, channels, inner, Bits, []);
        var integers = edit.Add<sbyte>($"{name}/int8", ElementType.Int8, quantized.Integers, dimensions);
        long[] broadcast = new long[dimensions.Length - axis];
        Array.Fill(broadcast, 1);
        broadcast[0] = channels;
        var scale = edit.Add<float>($"{name}/scale", ElementType.Float32, quantized.Scales, broadcast);
        var (asFloat, result) = (edit.Fresh($"{name}/float"), edit.Fresh($"{name}/dequantized"));
        // Not DequantizeLinear, which engines keep for the kernels of integers that it may stand before, and compute in every run.
        edit.InsertFirst(
            Ops.Node("Cast", asFloat, [integers], asFloat, Ops.Attribute("to", (long)ElementType.Float32)),
            Ops.Node("Mul", result, [asFloat, scale], result));
        return result;
    }
}
