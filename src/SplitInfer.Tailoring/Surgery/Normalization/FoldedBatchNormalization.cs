using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <summary>
/// Folds a batch normalisation into the product that alone feeds it, or that alone reads it. With a = γ/√(σ² + ε) and c = β − a·μ,
/// a·(Wx + b) + c is the product of weights a·W, by output channel, and bias a·b + c; and W(a·x + c) + b that of weights W·a, by input channel, and
/// bias W·c + b, if nothing is padded, since what is padded is 0 behind the normalisation. Exact but for rounding. Others stay as they are.
/// </summary>
internal static class FoldedBatchNormalization
{
    /// <summary>Folds all that can be folded.</summary>
    public static void Fold(GraphEdit edit)
    {
        var folded = 0;
        foreach (var node in edit.Graph.Node.Where(static n => Ops.Is(n, "BatchNormalization")).ToArray())
            if (ChannelScaling.Of(edit, node) is { } scaling && (TryFoldBack(edit, node, scaling) || TryFoldForward(edit, node, scaling))) folded++;
        if (folded > 0) edit.Note($"folded {folded} batch normalisations");
    }

    private static bool TryFoldBack(GraphEdit edit, NodeProto normalization, ChannelScaling scaling)
    {
        if (edit.ProducerOf(normalization.Input[0]) is not { } node || !edit.HasOneReader(node.Output[0], out _) || ProductWeights.Of(edit, node) is not { } product) return false;
        if (product.Outputs != scaling.Factors.Length) return false;
        product.ScaleOutputs(scaling.Factors);
        product.Write(edit, [.. product.Bias.Select((b, o) => (float)((b * scaling.Factors[o]) + scaling.Shifts[o]))], normalization.Output[0]);
        node.Output[0] = normalization.Output[0];
        edit.Replace(normalization);
        return true;
    }

    private static bool TryFoldForward(GraphEdit edit, NodeProto normalization, ChannelScaling scaling)
    {
        if (!edit.HasOneReader(normalization.Output[0], out var node) || node.Input[0] != normalization.Output[0] || !Ops.IsOneOf(node, "Conv", "Gemm") || ProductWeights.Of(edit, node) is not { } product) return false;
        if (product.Inputs != scaling.Factors.Length || Pads(node, product.Kernel)) return false;
        var bias = product.BiasOf(scaling.Shifts);
        product.ScaleInputs(scaling.Factors);
        product.Write(edit, bias, node.Output[0]);
        node.Input[0] = normalization.Input[0];
        edit.Replace(normalization);
        return true;
    }

    private static bool Pads(NodeProto node, int kernel) =>
        Ops.Integers(node, "pads") is { } pads && pads.Any(static p => p != 0) || (kernel > 1 && Ops.Text(node, "auto_pad", "NOTSET") is not ("NOTSET" or "VALID"));
}
