using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>
/// Constant weights and bias of a convolution, transposed or not, or of a <c>Gemm</c>, seen as W[output, input, kernel] whatever their layout.
/// A copy, which is written back under new names, since other nodes may read the same constants. Not thread-safe.
/// </summary>
internal sealed class ProductWeights
{
    private readonly NodeProto _node;
    private readonly TensorProto _proto;
    private readonly float[] _weights;
    private readonly bool _inputsFirst;

    private ProductWeights(NodeProto node, TensorProto proto, float[] weights, bool inputsFirst, int groups)
    {
        (_node, _proto, _weights, _inputsFirst, Groups) = (node, proto, weights, inputsFirst, groups);
        var (first, second) = ((int)proto.Dims[0], (int)proto.Dims[1]);
        (Outputs, InputsPerGroup) = inputsFirst ? (second * groups, first / groups) : (first, second);
        Kernel = first == 0 || second == 0 ? 0 : weights.Length / first / second;
        Bias = new float[Outputs];
    }

    /// <summary>Number of output channels.</summary>
    public int Outputs { get; }

    /// <summary>Number of groups; 1 for a <c>Gemm</c>.</summary>
    public int Groups { get; }

    /// <summary>Number of input channels that an output channel reads.</summary>
    public int InputsPerGroup { get; }

    /// <summary>Number of input channels.</summary>
    public int Inputs => InputsPerGroup * Groups;

    /// <summary>Number of places of the kernel; 1 for a <c>Gemm</c>.</summary>
    public int Kernel { get; }

    /// <summary>By output channel: the bias; zeros where there is none.</summary>
    public float[] Bias { get; }

    /// <summary>Reads the weights of a node; null if it is no such product, scales its terms, or its weights or bias are no float32 constants.</summary>
    public static ProductWeights? Of(GraphEdit edit, NodeProto node)
    {
        if (!Ops.IsOneOf(node, "Conv", "ConvTranspose", "Gemm") || edit.FloatsOf(Ops.Input(node, 1)) is not { } weights || edit.ConstantOf(node.Input[1]) is not { Dims.Count: >= 2 } proto) return null;
        var isGemm = node.OpType == "Gemm";
        if (isGemm && (Ops.Integer(node, "transA", 0) != 0 || Ops.Float(node, "alpha", 1) != 1 || Ops.Float(node, "beta", 1) != 1)) return null;
        var inputsFirst = isGemm ? Ops.Integer(node, "transB", 0) == 0 : node.OpType == "ConvTranspose";
        var product = new ProductWeights(node, proto, weights, inputsFirst, isGemm ? 1 : (int)Ops.Integer(node, "group", 1));
        if (Ops.Input(node, 2) is not { Length: > 0 } bias) return product;
        if (edit.FloatsOf(bias) is not { } given || edit.ConstantOf(bias) is not { } shape) return null;
        // A Gemm may broadcast its bias.
        if (given.Length == 1 && shape.Dims.All(static d => d == 1)) Array.Fill(product.Bias, given[0]);
        else if (given.Length == product.Outputs && shape.Dims is [_] or [1, _]) given.CopyTo(product.Bias, 0);
        else return null;
        return product;
    }

    /// <summary>A weight.</summary>
    /// <param name="output">Index of the output channel.</param>
    /// <param name="input">Index of the input channel within the group of the output.</param>
    /// <param name="place">Index in the kernel.</param>
    public ref float At(int output, int input, int place = 0)
    {
        if (!_inputsFirst) return ref _weights[(((output * InputsPerGroup) + input) * Kernel) + place];
        var outputsPerGroup = Outputs / Groups;
        var first = (output / outputsPerGroup * InputsPerGroup) + input;
        return ref _weights[(((first * outputsPerGroup) + (output % outputsPerGroup)) * Kernel) + place];
    }

    /// <summary>Multiplies all weights of each output channel.</summary>
    public void ScaleOutputs(double[] factors) => Scale((output, _) => factors[output]);

    /// <summary>Multiplies all weights of each input channel.</summary>
    public void ScaleInputs(double[] factors) => Scale((_, input) => factors[input]);

    /// <summary>The bias that adds what the product makes of a constant input: b + W·c.</summary>
    /// <param name="constants">By input channel: c.</param>
    public float[] BiasOf(double[] constants)
    {
        var bias = new float[Outputs];
        for (var output = 0; output < Outputs; output++)
        {
            double sum = Bias[output];
            for (var input = 0; input < InputsPerGroup; input++)
                for (var place = 0; place < Kernel; place++) sum += At(output, input, place) * constants[InputOf(output, input)];
            bias[output] = (float)sum;
        }

        return bias;
    }

    /// <summary>The weights of an output channel for some input channels, each with all places of the kernel; for one group.</summary>
    public float[] RowOf(int output, int[] inputs)
    {
        var row = new float[inputs.Length * Kernel];
        for (var i = 0; i < inputs.Length; i++)
            for (var place = 0; place < Kernel; place++) row[(i * Kernel) + place] = At(output, inputs[i], place);
        return row;
    }

    /// <summary>Lets the node read weights and a bias of other channels; for one group.</summary>
    /// <param name="edit">The graph.</param>
    /// <param name="rows">By output channel: the weights, as <see cref="RowOf"/> gives them.</param>
    /// <param name="bias">By output channel.</param>
    /// <param name="inputs">Number of input channels.</param>
    public void WriteSome(GraphEdit edit, float[][] rows, float[] bias, int inputs)
    {
        if (_node.OpType == "Gemm") Ops.Set(_node, Ops.Attribute("transB", 1L));
        _node.Input[1] = edit.Add<float>($"{_proto.Name}/pruned", ElementType.Float32, [.. rows.SelectMany(static r => r)], [rows.Length, inputs, .. _proto.Dims.Skip(2)]);
        var added = edit.Add<float>($"{_node.Output[0]}/bias", ElementType.Float32, bias, bias.Length);
        if (_node.Input.Count > 2) _node.Input[2] = added;
        else _node.Input.Add(added);
        edit.Forget();
    }

    /// <summary>Lets the node read the changed weights and a bias.</summary>
    public void Write(GraphEdit edit, float[] bias, string name)
    {
        _node.Input[1] = edit.Add<float>($"{_proto.Name}/folded", ElementType.Float32, _weights, [.. _proto.Dims]);
        var added = edit.Add<float>($"{name}/bias", ElementType.Float32, bias, bias.Length);
        if (_node.Input.Count > 2) _node.Input[2] = added;
        else _node.Input.Add(added);
        edit.Forget();
    }

    private int InputOf(int output, int input) => (output / (Outputs / Groups) * InputsPerGroup) + input;

    private void Scale(Func<int, int, double> factorOf)
    {
        for (var output = 0; output < Outputs; output++)
            for (var input = 0; input < InputsPerGroup; input++)
                for (var place = 0; place < Kernel; place++) At(output, input, place) = (float)(At(output, input, place) * factorOf(output, InputOf(output, input)));
    }
}
