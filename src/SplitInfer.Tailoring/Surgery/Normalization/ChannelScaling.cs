using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <summary>What a batch normalisation that does not train does to a channel: y = a·x + c with a = γ/√(σ² + ε) and c = β − a·μ.</summary>
/// <param name="Factors">By channel: a.</param>
/// <param name="Shifts">By channel: c.</param>
internal sealed record ChannelScaling(double[] Factors, double[] Shifts)
{
    /// <summary>Reads a batch normalisation; null if it trains, or if its parameters are no constants.</summary>
    public static ChannelScaling? Of(GraphEdit edit, NodeProto node)
    {
        if (Ops.Integer(node, "training_mode", 0) != 0 || node.Output.Count(static o => o.Length > 0) != 1) return null;
        var parameters = node.Input.Skip(1).Select(edit.FloatsOf).ToArray();
        if (parameters is not [{ } gamma, { } beta, { } mean, { } variance] || parameters.Any(p => p!.Length != gamma.Length)) return null;
        var epsilon = Ops.Float(node, "epsilon", 1e-5f);
        double[] factors = [.. gamma.Select((g, channel) => g / Math.Sqrt((double)variance[channel] + epsilon))];
        return new(factors, [.. beta.Select((b, channel) => b - (factors[channel] * mean[channel]))]);
    }
}
