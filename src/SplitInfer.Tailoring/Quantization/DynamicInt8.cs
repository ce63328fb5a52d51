using System.Globalization;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Products of 8-bit integers with ranges that are taken from each activation as it comes: x ≈ s·(q − z) with s and z of the whole tensor, weights
/// w ≈ s_c·q by output, y = s·s_c·Σ(q_x − z)·q_w + b. No samples are needed. For <c>MatMul</c> and <c>Gemm</c> with constant weights, and for
/// <c>LSTM</c>; convolutions stay as they are, since engines have no fast kernel for them. Lossy; about a quarter of the bytes of what is changed.
/// Refused where there is no such product.
/// </summary>
public sealed class DynamicInt8 : ModelTransformation
{
    /// <summary>Since this version there are products of integers and quantisation by the range of a tensor.</summary>
    private const long LeastOpset = 11;

    /// <summary>Products of fewer weights cost less than the quantisation of what they read.</summary>
    private const int LeastWeights = 1024;

    private readonly int _weightBits;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="weightBits">Bits of a weight, 7 or 8, as <see cref="Int8Options.WeightBits"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bits are neither 7 nor 8.</exception>
    public DynamicInt8(int weightBits = 8)
    {
        if (weightBits is not (7 or 8)) throw new ArgumentOutOfRangeException(nameof(weightBits), weightBits, "It is 7 or 8.");
        _weightBits = weightBits;
    }

    /// <inheritdoc/>
    public override string Name => "dynamic-int8";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        if (edit.Opset < LeastOpset) throw edit.Refusal(Name, $"its operators are of version {edit.Opset}, and products of integers take {LeastOpset}; normalise the model first");
        var products = new IntegerProducts(edit, _weightBits);
        var (dense, recurrent) = (0, 0);
        foreach (var node in edit.Graph.Node.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (DenseProduct.Of(edit, node) is { } product && product.Weights.Length >= LeastWeights)
            {
                products.Replace(product);
                dense++;
            }
            else if (QuantizedLstm.TryChange(edit, node, _weightBits))
            {
                recurrent++;
            }
        }

        if (dense + recurrent == 0) throw edit.Refusal(Name, $"no MatMul, Gemm or LSTM has constant float32 weights, {LeastWeights} or more{MissingProducts.Describe(edit)}");
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"{dense} products and {recurrent} LSTMs in {_weightBits}-bit weights and activations of the range they have"));
    }

    /// <summary>Writes products in the form that engines fuse. Nodes that read the same activation quantise it once.</summary>
    private sealed class IntegerProducts(GraphEdit edit, int weightBits)
    {
        // Weights that several products read are stored for each: ONNX Runtime refuses to fuse two products of one initializer.
        private readonly Dictionary<string, (string Integers, string Scale, string ZeroPoint)> _activations = new(StringComparer.Ordinal);

        public void Replace(DenseProduct product)
        {
            var (node, output) = (product.Node, product.Node.Output[0]);
            var activation = Quantized(node.Input[0]);
            var weights = QuantizedWeights.Of(product.Weights, product.Outputs, product.Inputs, weightBits, []);
            var name = node.Input[1];
            var integers = edit.Add<sbyte>($"{name}/int8", ElementType.Int8, DenseProduct.Transposed<sbyte>(weights.Integers, product.Outputs, product.Inputs), product.Inputs, product.Outputs);
            var scales = edit.Add<float>($"{name}/scale", ElementType.Float32, weights.Scales, product.Outputs);
            var zeroPoint = edit.Add<sbyte>($"{name}/zero", ElementType.Int8, new sbyte[product.Outputs], product.Outputs);
            var (sum, sumAsFloat, scale, scaled) = (edit.Fresh($"{output}/sum"), edit.Fresh($"{output}/float"), edit.Fresh($"{output}/scale"), edit.Fresh($"{output}/scaled"));
            product.ReplaceBy(edit,
                Ops.Node("MatMulInteger", sum, [activation.Integers, integers, activation.ZeroPoint, zeroPoint], sum),
                Ops.Node("Cast", sumAsFloat, [sum], sumAsFloat, Ops.Attribute("to", (long)ElementType.Float32)),
                Ops.Node("Mul", scale, [activation.Scale, scales], scale),
                Ops.Node("Mul", scaled, [sumAsFloat, scale], scaled));
        }

        private (string Integers, string Scale, string ZeroPoint) Quantized(string value)
        {
            if (_activations.TryGetValue(value, out var known)) return known;
            var (integers, scale, zeroPoint) = (edit.Fresh($"{value}/quantized"), edit.Fresh($"{value}/scale"), edit.Fresh($"{value}/zero"));
            var quantize = Ops.Node("DynamicQuantizeLinear", integers, [value], integers);
            quantize.Output.Add([scale, zeroPoint]);
            if (edit.ProducerOf(value) is { } producer) edit.InsertBehind(producer, quantize);
            else edit.InsertFirst(quantize);
            return _activations[value] = (integers, scale, zeroPoint);
        }
    }
}
