using SplitInfer.Models.Onnx;

namespace SplitInfer.Testing;

/// <summary>Knows how a weight of a graph is used, and with it what mean and deviation it should have.</summary>
internal sealed class WeightUses
{
    // Sixteen residual blocks that each add as much as they get would grow the signal 256-fold.
    private const double BranchGain = 0.3;

    private readonly ILookup<string, NodeProto> _users;
    private readonly Dictionary<string, NodeProto> _makers;

    public WeightUses(GraphProto graph)
    {
        _users = graph.Node.SelectMany(static node => node.Input.Select(input => (input, node))).ToLookup(static u => u.input, static u => u.node);
        _makers = graph.Node.SelectMany(static node => node.Output.Select(output => (output, node))).ToDictionary(static m => m.output, static m => m.node);
    }

    /// <summary>Mean and standard deviation for a weight; null where it is no weight.</summary>
    public (double Mean, double Deviation)? ScaleOf(string weight, ReadOnlySpan<long> shape)
    {
        if (_users[weight].FirstOrDefault() is not { } user) return null;
        var place = user.Input.IndexOf(weight);
        return (user.OpType, place) switch
        {
            ("Unsqueeze", 0) => ScaleOf(user.Output[0], shape),
            ("Conv" or "Gemm", 1) => (0, Gain(user) / Math.Sqrt(Math.Max(1, FanIn(user, shape)))),
            ("Conv" or "Gemm", 2) => (0, 0.05),
            ("BatchNormalization", 1) => (Gain(user), 0.05),
            ("BatchNormalization", 4) => (1, 0.1),
            ("BatchNormalization", _) => (0, 0.05),
            ("Mul", _) => (1, 0.05),
            ("Add" or "Sum", _) => (0, 0.05),
            _ => null,
        };
    }

    private static long FanIn(NodeProto user, ReadOnlySpan<long> shape)
    {
        if (user.OpType == "Gemm") return user.Attribute.Any(static a => a is { Name: "transB", I: 1 }) ? shape[1] : shape[0];
        var count = 1L;
        foreach (var size in shape[1..]) count *= size;
        return count;
    }

    private double Gain(NodeProto node)
    {
        if (UserOf(node) is { OpType: "Sum" } sum) return ShareOf(sum);
        if (node.OpType == "BatchNormalization") return 1;
        return IsRectified(node) ? Weights.ReluGain : 1;
    }

    private bool IsRectified(NodeProto node) => UserOf(node) switch
    {
        { OpType: "Relu" } => true,
        { OpType: "BatchNormalization" or "Mul" or "Add" } scaled => IsRectified(scaled),
        _ => false,
    };

    private NodeProto? UserOf(NodeProto node) => _users[node.Output[0]].FirstOrDefault();

    /// <summary>What one operand of a sum may add: little where another passes by unweighted, else its part.</summary>
    private double ShareOf(NodeProto sum)
    {
        var weighted = sum.Input.Count(input => _makers.TryGetValue(input, out var maker) && maker.OpType is "Conv" or "BatchNormalization");
        return weighted < sum.Input.Count ? BranchGain : 1 / Math.Sqrt(weighted);
    }
}
