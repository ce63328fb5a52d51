using SplitInfer.Models;

namespace SplitInfer.Partitioning.Probing;

/// <summary>Tells the memory that values take at once while a model runs node after node, at least.</summary>
internal static class LiveBytes
{
    /// <summary>
    /// The most bytes that are held at a time: values from the node that writes them to the last that reads them, outputs to the end. Of
    /// computed constants the largest counts, which is there at least while it is computed.
    /// </summary>
    /// <param name="graph">The model.</param>
    /// <param name="bytes">The size of a value or computed constant as far as it is known; 0 if it is not.</param>
    public static double Peak(ModelGraph graph, Func<string, double> bytes)
    {
        var (taken, given) = (new double[graph.Nodes.Length + 1], new double[graph.Nodes.Length + 1]);
        foreach (var value in graph.Values)
        {
            var size = bytes(value.Name);
            // What is fed is there before the first node; place p + 1 is the node p.
            taken[value.Producer + 1] += size;
            if (!value.IsOutput && value.Producer != GraphValue.Fed && value.LastUse != GraphValue.Unused) given[value.LastUse + 1] += size;
        }

        var live = 0.0;
        var peak = graph.SharedNodes.SelectMany(static n => n.Outputs).Select(bytes).DefaultIfEmpty(0).Max();
        for (var place = 0; place < taken.Length; place++)
        {
            live += taken[place];
            peak = Math.Max(peak, live);
            live -= given[place];
        }

        return peak;
    }
}
