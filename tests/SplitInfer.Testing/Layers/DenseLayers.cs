using SplitInfer.Tensors;

namespace SplitInfer.Testing;

/// <summary>Layers over the last axis.</summary>
public static class DenseLayers
{
    /// <summary>The matrix product.</summary>
    public static Value MatMul(this GraphBuilder g, Value x, Value y) => g.Node("MatMul", [x, y]).Shaped([.. x.Shape[..^1], y.Shape[^1]]);

    /// <summary>A linear layer with bias over a value of any rank.</summary>
    public static Value Dense(this GraphBuilder g, Value x, int features, double gain = 1) =>
        g.Add(g.MatMul(x, g.Weight(x.Type, x.Size(-1), gain, x.Size(-1), features)), g.Draw(x.Type, 0, 0.05, features));

    /// <summary>A linear layer with bias over a matrix, as classifiers end.</summary>
    public static Value Gemm(this GraphBuilder g, Value x, int features, double gain = 1) =>
        g.Node("Gemm", [x, g.Weight(x.Type, x.Size(-1), gain, features, x.Size(-1)), g.Draw(x.Type, 0, 0.05, features)], ("transB", 1))
            .Shaped(x.Shape[0], features);

    /// <summary>Layer normalisation over the last axis.</summary>
    public static Value LayerNorm(this GraphBuilder g, Value x) =>
        g.Node("LayerNormalization", [x, g.Draw(x.Type, 1, 0.05, x.Size(-1)), g.Draw(x.Type, 0, 0.05, x.Size(-1))]) with { Shape = x.Shape };

    /// <summary>A learnt vector for each whole number below <paramref name="count"/>.</summary>
    public static Value Embedding(this GraphBuilder g, Value ids, int count, int features) =>
        g.Node("Gather", [g.Draw(ElementType.Float32, 0, 1, count, features), ids]).Shaped([.. ids.Shape, features]);

    /// <summary>An LSTM over a sequence×batch×features value. Gives the sequence of states, the last state, and the last cell.</summary>
    public static (Value Sequence, Value State, Value Cell) Lstm(this GraphBuilder g, Value x, int hidden, Value? state = null, Value? cell = null)
    {
        var outputs = g.Nodes("", "LSTM",
            [
                x, g.Weight(x.Type, x.Size(-1), 1, 1, 4 * hidden, x.Size(-1)), g.Weight(x.Type, hidden, 1, 1, 4 * hidden, hidden),
                g.Draw(x.Type, 0, 0.05, 1, 8 * hidden), null, state, cell,
            ],
            3, ("hidden_size", hidden));
        return (outputs[0].Shaped(x.Shape[0], 1, x.Shape[1], hidden), outputs[1].Shaped(1, x.Shape[1], hidden), outputs[2].Shaped(1, x.Shape[1], hidden));
    }
}
