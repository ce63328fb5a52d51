using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>A <c>MatMul</c> or <c>Gemm</c> y = x·Wᵀ + b with constant weights.</summary>
/// <param name="Node">The node.</param>
/// <param name="Inputs">Number of elements of a row of x.</param>
/// <param name="Outputs">Number of elements of a row of y.</param>
/// <param name="Weights">W[output, input], row by row.</param>
/// <param name="Bias">b; null where there is none.</param>
internal sealed record DenseProduct(NodeProto Node, int Inputs, int Outputs, float[] Weights, float[]? Bias)
{
    /// <summary>Reads a node; null if it is no such product.</summary>
    public static DenseProduct? Of(GraphEdit edit, NodeProto node)
    {
        if (!Ops.IsOneOf(node, "MatMul", "Gemm") || edit.FloatsOf(Ops.Input(node, 1)) is not { } weights || edit.ConstantOf(node.Input[1]) is not { Dims: [var first, var second] }) return null;
        if (Ops.Is(node, "Gemm") && ProductWeights.Of(edit, node) is null) return null;
        var byOutput = Ops.Is(node, "Gemm") && Ops.Integer(node, "transB", 0) != 0;
        var (inputs, outputs) = byOutput ? ((int)second, (int)first) : ((int)first, (int)second);
        var bias = Ops.Input(node, 2).Length > 0 ? ProductWeights.Of(edit, node)!.Bias : null;
        return new(node, inputs, outputs, byOutput ? weights : Transposed(weights, inputs, outputs), bias);
    }

    /// <summary>Puts other nodes in the place of the product, which add the bias and write what it wrote.</summary>
    /// <param name="edit">The graph.</param>
    /// <param name="nodes">The nodes, the last of which writes x·Wᵀ under any name.</param>
    public void ReplaceBy(GraphEdit edit, params NodeProto[] nodes)
    {
        var output = Node.Output[0];
        if (Bias is null)
        {
            nodes[^1].Output[0] = output;
            edit.Replace(Node, nodes);
            return;
        }

        var bias = edit.Add<float>($"{output}/bias", ElementType.Float32, Bias, Bias.Length);
        edit.Replace(Node, [.. nodes, Ops.Node("Add", edit.Fresh($"{output}/biased"), [nodes[^1].Output[0], bias], output)]);
    }

    /// <summary>A matrix with rows and columns changed.</summary>
    public static T[] Transposed<T>(ReadOnlySpan<T> matrix, int rows, int columns)
    {
        var result = new T[matrix.Length];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++) result[(column * rows) + row] = matrix[(row * columns) + column];
        return result;
    }
}
