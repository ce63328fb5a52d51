using System.Collections.Immutable;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Partitioning;

/// <summary>
/// Multiply-accumulate operations of a node, from the shapes of its inputs and outputs. Exact for convolutions and matrix products; attention and
/// <c>Einsum</c> are counted by their products alone; a node with bodies or a function counts as one of the others.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="shapeOf">The dimensions of a value; default where they are unknown.</param>
internal readonly struct NodeCost(NodeProto node, Func<string, ImmutableArray<long>> shapeOf)
{
    /// <summary>The cost of a node, as one node of its class.</summary>
    public static SegmentCost Of(NodeProto node, Func<string, ImmutableArray<long>> shapeOf) => new NodeCost(node, shapeOf).Cost();

    private SegmentCost Cost() => node.OpType switch
    {
        "Conv" or "FusedConv" or "NhwcFusedConv" or "NhwcConv" or "ConvInteger" or "DeformConv" => Conv(Output() * OfOneOutputChannel(weight: 1)),
        "QLinearConv" => Conv(Output() * OfOneOutputChannel(weight: 3)),
        // Each element that goes in meets the whole kernel of its channel.
        "ConvTranspose" => Conv(Input(0) * OfOneOutputChannel(weight: 1)),
        "MatMul" or "MatMulInteger" or "QLinearMatMul" or "DynamicQuantizeMatMul" or "MatMulIntegerToFloat" or "QGemm" => MatMul(Output() * Axis(0, -1)),
        "Gemm" or "FusedGemm" => MatMul(Output() * Axis(0, Int("transA") == 0 ? -1 : 0)),
        "FusedMatMul" or "TransposeMatMul" => MatMul(Output() * Axis(0, Int("transA") == 0 ? -1 : -2)),
        "MatMulNBits" or "MatMulBnb4" => MatMul(Output() * Int("K")),
        "LSTM" or "GRU" or "RNN" or "DynamicQuantizeLSTM" => MatMul(Axis(0, 0) * Axis(0, 1) * (Input(1) + Input(2))),
        "Einsum" => MatMul(Einsum()),
        "Attention" or "QAttention" or "DecoderMaskedSelfAttention" or "MultiHeadAttention" or "GroupQueryAttention" or "PackedAttention" => MatMul(Attention()),
        _ => new(default, default, new(Output(), 1)),
    };

    private static SegmentCost Conv(double macs) => new(new(macs, 1), default, default);

    private static SegmentCost MatMul(double macs) => new(default, new(macs, 1), default);

    private double OfOneOutputChannel(int weight) => Input(weight) / Math.Max(1, Axis(weight, 0));

    private double Output()
    {
        var sum = 0.0;
        foreach (var output in node.Output)
            if (output.Length > 0) sum += Count(shapeOf(output));
        return sum;
    }

    private double Input(int index) => Count(ShapeOfInput(index));

    /// <summary>The size of an axis of an input, counted from the end where negative; 1 where it is unknown.</summary>
    private double Axis(int input, int axis)
    {
        var shape = ShapeOfInput(input);
        if (shape.IsDefault) return 1;
        if (axis < 0) axis += shape.Length;
        return axis >= 0 && axis < shape.Length ? shape[axis] : 1;
    }

    private ImmutableArray<long> ShapeOfInput(int index) => index < node.Input.Count && node.Input[index].Length > 0 ? shapeOf(node.Input[index]) : default;

    private long Int(string name) => node.Attribute.FirstOrDefault(a => a.Name == name)?.I ?? 0;

    /// <summary>The product of the sizes of all letters; the elements of the output if the letters do not determine it.</summary>
    private double Einsum()
    {
        var equation = node.Attribute.FirstOrDefault(static a => a.Name == "equation")?.S.ToStringUtf8().Replace(" ", "", StringComparison.Ordinal) ?? "";
        var operands = equation.Split("->")[0].Split(',');
        var sizes = new Dictionary<char, double>();
        for (var operand = 0; operand < operands.Length; operand++)
            for (var axis = 0; axis < operands[operand].Length; axis++) sizes[operands[operand][axis]] = Axis(operand, axis);
        return sizes.ContainsKey('.') ? Output() : sizes.Values.Aggregate(1.0, static (product, size) => product * size);
    }

    /// <summary>Scores and weighted sums, and the projection if the operator has its weights as inputs.</summary>
    private double Attention()
    {
        var query = ShapeOfInput(0);
        if (query.IsDefault || query.Length < 3) return Output();
        var isProjecting = node.Domain == "com.microsoft" && node.OpType is "Attention" or "QAttention" or "PackedAttention" or "DecoderMaskedSelfAttention";
        var keys = isProjecting || node.Input.Count < 2 || node.Input[1].Length == 0 ? Axis(0, -2) : Axis(1, -2);
        var projection = isProjecting ? Count(query) * Axis(1, -1) : 0;
        return projection + 2 * Count(query) * keys;
    }

    private static double Count(ImmutableArray<long> shape) => shape.IsDefault ? 0 : shape.Aggregate(1.0, static (product, size) => product * size);
}
