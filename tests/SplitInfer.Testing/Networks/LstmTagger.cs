using SplitInfer.Tensors;

namespace SplitInfer.Testing.Networks;

/// <summary>A tagger of a stream: two LSTM layers whose state goes in and comes out with every call.</summary>
public static class LstmTagger
{
    /// <summary>Builds the network for <c>frames</c> (steps×1×features) with <c>h0, c0, h1, c1</c>; gives <c>tags</c> and the four new states.</summary>
    public static GraphBuilder Build(int features = 16, int hidden = 24, int tags = 5, int seed = 4)
    {
        var g = new GraphBuilder("tagger", seed);
        var x = g.Input("frames", ElementType.Float32, "steps", 1, features);
        for (var layer = 0; layer < 2; layer++)
        {
            var state = g.Input($"h{layer}", ElementType.Float32, 1, 1, hidden);
            var cell = g.Input($"c{layer}", ElementType.Float32, 1, 1, hidden);
            var lstm = g.Lstm(x, hidden, state, cell);
            g.Output(lstm.State, $"h{layer}_out");
            g.Output(lstm.Cell, $"c{layer}_out");
            x = g.Node("Squeeze", [lstm.Sequence, g.Longs(1)]).Shaped(-1, 1, hidden);
        }

        g.Output(g.Softmax(g.Dense(x, tags)), "tags");
        return g;
    }
}
