using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>Writes an <c>LSTM</c> as ONNX Runtime's <c>DynamicQuantizeLSTM</c>, whose weights are integers with a scale for each row of each direction.</summary>
internal static class QuantizedLstm
{
    // Inputs: X, W, R, B, sequence_lens, initial_h, initial_c, P; then scale and zero point of W and of R.
    private const int FirstParameter = 8;

    /// <summary>Changes a node if it is an LSTM with constant weights, of the default layout and gates.</summary>
    public static bool TryChange(GraphEdit edit, NodeProto node, int weightBits)
    {
        if (!Ops.Is(node, "LSTM") || Ops.Integer(node, "layout", 0) != 0 || Ops.Integer(node, "input_forget", 0) != 0) return false;
        if (edit.ConstantOf(node.Input[1]) is not { Dims.Count: 3 } || edit.ConstantOf(node.Input[2]) is not { Dims.Count: 3 } || edit.FloatsOf(node.Input[1]) is null || edit.FloatsOf(node.Input[2]) is null) return false;
        while (node.Input.Count < FirstParameter) node.Input.Add("");
        for (var place = 1; place <= 2; place++) Quantize(edit, node, place, weightBits);
        (node.OpType, node.Domain) = ("DynamicQuantizeLSTM", "com.microsoft");
        Ops.Remove(node, "layout");
        edit.Use("com.microsoft", 1);
        edit.Forget();
        return true;
    }

    private static void Quantize(GraphEdit edit, NodeProto node, int place, int weightBits)
    {
        var name = node.Input[place];
        var (weights, dimensions) = (edit.FloatsOf(name)!, edit.ConstantOf(name)!.Dims);
        var (directions, rows, columns) = ((int)dimensions[0], (int)dimensions[1], (int)dimensions[2]);
        var quantized = QuantizedWeights.Of(weights, directions * rows, columns, weightBits, []);
        // The operator takes each direction transposed.
        var integers = new sbyte[weights.Length];
        for (var direction = 0; direction < directions; direction++)
            DenseProduct.Transposed<sbyte>(quantized.Integers.AsSpan(direction * rows * columns, rows * columns), rows, columns).CopyTo(integers, direction * rows * columns);
        node.Input[place] = edit.Add<sbyte>($"{name}/int8", ElementType.Int8, integers, directions, columns, rows);
        node.Input.Add(edit.Add<float>($"{name}/scale", ElementType.Float32, quantized.Scales, directions, rows));
        node.Input.Add(edit.Add<sbyte>($"{name}/zero", ElementType.Int8, new sbyte[directions * rows], directions, rows));
    }
}
