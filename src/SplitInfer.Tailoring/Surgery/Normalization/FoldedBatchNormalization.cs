using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <summary>
/// Folds a batch normalisation into the product that alone feeds it. With a = γ/√(σ² + ε), y = a·(Wx + b − μ) + β is the product of
/// weights a·W, by output channel, and bias a·(b − μ) + β. Exact but for rounding.
/// </summary>
internal static class FoldedBatchNormalization
{
    /// <summary>Folds all that can be folded.</summary>
    public static void Fold(GraphEdit edit)
    {
        var folded = 0;
        foreach (var node in edit.Graph.Node.Where(static n => Ops.Is(n, "BatchNormalization")).ToArray())
            if (TryFold(edit, node)) folded++;
        if (folded > 0) edit.Note($"folded {folded} batch normalisations");
    }

    private static bool TryFold(GraphEdit edit, NodeProto normalization)
    {
        if (edit.ProducerOf(normalization.Input[0]) is not { } product || !Ops.IsOneOf(product, "Conv", "Gemm") || !edit.HasOneReader(product.Output[0], out _)) return false;
        if (edit.FloatsOf(Ops.Input(product, 1)) is not { } weights || edit.ConstantOf(product.Input[1]) is not { } proto) return false;
        if (Ops.Is(product, "Gemm") && (Ops.Integer(product, "transB", 0) == 0 || Ops.Float(product, "alpha", 1) != 1 || Ops.Float(product, "beta", 1) != 1)) return false;
        var bias = Ops.Input(product, 2) is { Length: > 0 } given ? edit.FloatsOf(given) : new float[proto.Dims[0]];
        var parameters = normalization.Input.Skip(1).Select(edit.FloatsOf).ToArray();
        if (bias is null || parameters.Length != 4 || parameters.Any(p => p is null || p.Length != proto.Dims[0]) || bias.Length != proto.Dims[0]) return false;
        var (gamma, beta, mean, variance) = (parameters[0]!, parameters[1]!, parameters[2]!, parameters[3]!);
        var epsilon = Ops.Float(normalization, "epsilon", 1e-5f);
        var row = weights.Length / bias.Length;
        for (var channel = 0; channel < bias.Length; channel++)
        {
            var factor = gamma[channel] / Math.Sqrt((double)variance[channel] + epsilon);
            for (var i = channel * row; i < (channel + 1) * row; i++) weights[i] = (float)(weights[i] * factor);
            bias[channel] = (float)(((bias[channel] - (double)mean[channel]) * factor) + beta[channel]);
        }

        product.Input[1] = edit.Add<float>($"{proto.Name}/folded", ElementType.Float32, weights, [.. proto.Dims]);
        var added = edit.Add<float>($"{normalization.Output[0]}/bias", ElementType.Float32, bias, bias.Length);
        if (product.Input.Count > 2) product.Input[2] = added;
        else product.Input.Add(added);
        product.Output[0] = normalization.Output[0];
        edit.Replace(normalization);
        return true;
    }
}
