using Google.Protobuf.Collections;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Testing;

/// <summary>Gives a value of a graph another name, wherever it is made or used.</summary>
internal static class Rename
{
    public static void Apply(GraphProto graph, string from, string to)
    {
        foreach (var node in graph.Node)
        {
            Replace(node.Input, from, to);
            Replace(node.Output, from, to);
            foreach (var attribute in node.Attribute)
                if (attribute.G is not null) Apply(attribute.G, from, to);
        }

        foreach (var output in graph.Output)
            if (output.Name == from) output.Name = to;
    }

    private static void Replace(RepeatedField<string> names, string from, string to)
    {
        for (var i = 0; i < names.Count; i++)
            if (names[i] == from) names[i] = to;
    }
}
