using System.Globalization;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Quantization;

/// <summary>
/// Weights as 4-bit integers in blocks of 32 along the input: w ≈ s·(q − 8), 0 ≤ q ≤ 15, with a scale s for each block such that the sum of its
/// squared errors is least. Products are ONNX Runtime's <c>MatMulNBits</c>, which reads the integers in every run: less memory to read, and about 1/7 of the bytes.
/// For <c>MatMul</c> and <c>Gemm</c>. Refused where none has constant float32 weights.
/// </summary>
public sealed class WeightOnlyInt4 : ModelTransformation
{
    private const int Bits = 4;
    private const int Block = 32;
    private const int Zero = 8;

    /// <summary>Scales that are tried, down to this share less.</summary>
    private const int Steps = 12;

    private const float LargestCut = 0.35f;

    /// <summary>Fewer weights take about as many bytes in any form.</summary>
    private const int LeastWeights = 1024;

    /// <inheritdoc/>
    public override string Name => "int4-weights";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        var changed = 0;
        foreach (var node in edit.Graph.Node.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (DenseProduct.Of(edit, node) is not { } product || product.Weights.Length < LeastWeights) continue;
            Replace(edit, product);
            changed++;
        }

        if (changed == 0) throw edit.Refusal(Name, $"no MatMul or Gemm has constant float32 weights, {LeastWeights} or more");
        edit.Use("com.microsoft", 1);
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"{changed} products with 4-bit weights in blocks of {Block}"));
    }

    private static void Replace(GraphEdit edit, DenseProduct product)
    {
        var blocks = (product.Inputs + Block - 1) / Block;
        var (packed, scales) = (new byte[product.Outputs * blocks * (Block / 2)], new float[product.Outputs * blocks]);
        for (var output = 0; output < product.Outputs; output++)
        {
            var row = product.Weights.AsSpan(output * product.Inputs, product.Inputs);
            for (var block = 0; block < blocks; block++)
            {
                var place = (output * blocks) + block;
                var start = block * Block;
                scales[place] = Pack(row.Slice(start, Math.Min(Block, row.Length - start)), packed.AsSpan(place * (Block / 2), Block / 2));
            }
        }

        var (name, result) = (product.Node.Input[1], edit.Fresh($"{product.Node.Output[0]}/product"));
        var weights = edit.Add<byte>($"{name}/int4", ElementType.UInt8, packed, product.Outputs, blocks, Block / 2);
        var scale = edit.Add<float>($"{name}/scale", ElementType.Float32, scales, product.Outputs * blocks);
        var node = Ops.Node("MatMulNBits", result, [product.Node.Input[0], weights, scale], result,
            Ops.Attribute("K", product.Inputs), Ops.Attribute("N", product.Outputs), Ops.Attribute("bits", Bits), Ops.Attribute("block_size", Block));
        node.Domain = "com.microsoft";
        product.ReplaceBy(edit, node);
    }

    /// <summary>Writes a block two to a byte, the first in the lower bits, and gives its scale. What is behind the end is 0.</summary>
    private static float Pack(ReadOnlySpan<float> weights, Span<byte> packed)
    {
        var scale = ScaleOf(weights);
        packed.Fill(Zero | (Zero << 4));
        for (var i = 0; i < weights.Length; i++)
        {
            var integer = IntegerOf(weights[i], scale) + Zero;
            packed[i / 2] = (byte)(i % 2 == 0 ? (packed[i / 2] & 0xF0) | integer : (packed[i / 2] & 0x0F) | (integer << 4));
        }

        return scale;
    }

    private static int IntegerOf(float weight, float scale) => scale == 0 ? 0 : Math.Clamp((int)MathF.Round(weight / scale), -Zero, Zero - 1);

    /// <summary>The integers reach one further down than up, so the largest weight becomes the lowest, or is cut off where that serves the others.</summary>
    private static float ScaleOf(ReadOnlySpan<float> weights)
    {
        var largest = 0f;
        foreach (var weight in weights)
            if (Math.Abs(weight) > Math.Abs(largest)) largest = weight;
        var (best, least) = (largest / -Zero, float.PositiveInfinity);
        for (var step = 0; step < Steps; step++)
        {
            var scale = largest / -Zero * (1 - (LargestCut * step / (Steps - 1)));
            var error = 0f;
            foreach (var weight in weights)
            {
                var difference = weight - (scale * IntegerOf(weight, scale));
                error += difference * difference;
            }

            if (error < least) (best, least) = (scale, error);
        }

        return best;
    }
}
