using SplitInfer.Models.Onnx;

namespace SplitInfer.Testing;

/// <summary>Puts the nodes of a graph into another order in which each still comes after those whose values it takes.</summary>
public static class NodeShuffle
{
    /// <summary>Draws an order; whatever stood beside its partner may then be far from it.</summary>
    public static GraphBuilder Shuffled(this GraphBuilder g, Random random)
    {
        var makers = g.Graph.Node.SelectMany(static n => n.Output.Select(output => (output, n))).ToDictionary(static m => m.output, static m => m.n);
        var waiting = g.Graph.Node.ToDictionary(static n => n, n => n.Input.Where(makers.ContainsKey).Select(i => makers[i]).ToHashSet());
        var order = new List<NodeProto>();
        while (waiting.Count > 0)
        {
            // In the order of the file, so that the choice does not depend on how a dictionary enumerates.
            NodeProto[] ready = [.. g.Graph.Node.Where(n => waiting.TryGetValue(n, out var makers) && makers.Count == 0)];
            var next = ready[random.Next(ready.Length)];
            waiting.Remove(next);
            foreach (var left in waiting.Values) left.Remove(next);
            order.Add(next);
        }

        g.Graph.Node.Clear();
        g.Graph.Node.Add(order);
        return g;
    }
}
