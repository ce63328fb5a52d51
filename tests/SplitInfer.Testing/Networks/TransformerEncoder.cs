using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>A small encoder over token ids, with symbolic batch and sequence and a padding mask.</summary>
public static class TransformerEncoder
{
    private const int Heads = 4;

    /// <summary>Builds the network for <c>ids</c> (int64 batch×sequence) and <c>mask</c> (int64, 1 for real tokens); gives <c>hidden</c> and <c>pooled</c>.</summary>
    public static GraphBuilder Build(int layers = 2, int features = 32, int vocabulary = 100, int seed = 3)
    {
        var g = new GraphBuilder("encoder", seed);
        var ids = g.Input("ids", ElementType.Int64, "batch", "sequence");
        var mask = g.Input("mask", ElementType.Int64, "batch", "sequence");
        var bias = AttentionBias(g, mask);
        var x = g.LayerNorm(g.Embedding(ids, vocabulary, features));
        for (var layer = 0; layer < layers; layer++)
        {
            x = g.LayerNorm(g.Add(x, Attention(g, x, bias)));
            x = g.LayerNorm(g.Add(x, g.Dense(g.Gelu(g.Dense(x, features * 4)), features)));
        }

        g.Output(x, "hidden");
        var first = g.Node("Gather", [x with { Name = "hidden" }, g.Initializer(TensorValue.From<long>([0]))], ("axis", 1)).Shaped(-1, features);
        g.Output(g.Tanh(g.Dense(first, features)), "pooled");
        return g;
    }

    /// <summary>0 for real tokens and a large negative number for padding, batch×1×1×sequence.</summary>
    private static Value AttentionBias(GraphBuilder g, Value mask)
    {
        var padding = g.Sub(g.Cast(mask, ElementType.Float32), g.Scalar(ElementType.Float32, 1));
        return g.Node("Unsqueeze", [g.Mul(padding, g.Scalar(ElementType.Float32, 1e4)), g.Longs(1, 2)]).Shaped(-1, 1, 1, -1);
    }

    private static Value Attention(GraphBuilder g, Value x, Value bias)
    {
        var features = (int)x.Size(-1);
        var (q, k, v) = (Project(g, x, 0, 2, 1, 3), Project(g, x, 0, 2, 3, 1), Project(g, x, 0, 2, 1, 3));
        var scores = g.Div(g.MatMul(q, k), g.Scalar(x.Type, Math.Sqrt(features / Heads)));
        var mixed = g.MatMul(g.Softmax(g.Add(scores, bias)), v);
        return g.Dense(g.Reshape(g.Transpose(mixed, 0, 2, 1, 3), 0, 0, features), features);
    }

    private static Value Project(GraphBuilder g, Value x, params ReadOnlySpan<long> order) =>
        g.Transpose(g.Reshape(g.Dense(x, (int)x.Size(-1)), 0, 0, Heads, x.Size(-1) / Heads), order);
}
