using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Factorization;

/// <summary>A layer whose weights are one matrix: a <c>Gemm</c>, a <c>MatMul</c>, or a convolution of one group and one place.</summary>
/// <param name="Node">The node.</param>
/// <param name="IsConvolution">Whether it is a convolution.</param>
/// <param name="Inputs">Number of inputs.</param>
/// <param name="Outputs">Number of outputs.</param>
/// <param name="Weights">W[output, input], row by row.</param>
/// <param name="Bias">By output; null where there is none.</param>
internal sealed record FactorizableLayer(NodeProto Node, bool IsConvolution, int Inputs, int Outputs, float[] Weights, float[]? Bias)
{
    /// <summary>Reads a node; null if it is no such layer.</summary>
    public static FactorizableLayer? Of(GraphEdit edit, NodeProto node)
    {
        if (DenseProduct.Of(edit, node) is { } dense) return new(node, false, dense.Inputs, dense.Outputs, dense.Weights, dense.Bias);
        if (!Ops.Is(node, "Conv") || ProductWeights.Of(edit, node) is not { Groups: 1, Kernel: 1 } product) return null;
        int[] inputs = [.. Enumerable.Range(0, product.Inputs)];
        return new(node, true, product.Inputs, product.Outputs, [.. Enumerable.Range(0, product.Outputs).SelectMany(output => product.RowOf(output, inputs))], product.Bias);
    }

    /// <summary>Puts two layers in the place of this one.</summary>
    public void ReplaceBy(GraphEdit edit, MatrixFactors factors)
    {
        var (name, output) = (Node.Input[1], Node.Output[0]);
        var between = edit.Fresh($"{output}/thin");
        var bias = factors.Bias ?? Bias;
        if (!IsConvolution)
        {
            var right = edit.Add<float>($"{name}/right", ElementType.Float32, DenseProduct.Transposed<float>(factors.Right, factors.Rank, Inputs), Inputs, factors.Rank);
            var left = edit.Add<float>($"{name}/left", ElementType.Float32, DenseProduct.Transposed<float>(factors.Left, Outputs, factors.Rank), factors.Rank, Outputs);
            var result = edit.Fresh($"{output}/product");
            new DenseProduct(Node, Inputs, Outputs, Weights, bias).ReplaceBy(edit, Ops.Node("MatMul", between, [Node.Input[0], right], between), Ops.Node("MatMul", result, [between, left], result));
            return;
        }

        var axes = edit.ConstantOf(name)!.Dims.Count - 2;
        var ones = Enumerable.Repeat(1L, axes).ToArray();
        var first = Node.Clone();
        first.Input[1] = edit.Add<float>($"{name}/right", ElementType.Float32, factors.Right, [factors.Rank, Inputs, .. ones]);
        while (first.Input.Count > 2) first.Input.RemoveAt(2);
        first.Output[0] = between;
        var wide = edit.Add<float>($"{name}/left", ElementType.Float32, factors.Left, [Outputs, factors.Rank, .. ones]);
        var added = edit.Add<float>($"{output}/bias", ElementType.Float32, bias ?? new float[Outputs], Outputs);
        edit.Replace(Node, first, Ops.Node("Conv", edit.Fresh($"{output}/wide"), [between, wide, added], output, Ops.Attribute("kernel_shape", ones)));
    }
}
