using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery;

/// <summary>Changes which value a node reads.</summary>
internal static class Renaming
{
    /// <summary>Lets a node, and the bodies in it, read another value. A body that writes a value of that name itself keeps its own.</summary>
    public static void Read(NodeProto node, string from, string to)
    {
        for (var i = 0; i < node.Input.Count; i++)
            if (node.Input[i] == from) node.Input[i] = to;
        foreach (var body in node.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G)))
        {
            if (Declares(body, from)) continue;
            foreach (var inner in body.Node) Read(inner, from, to);
            // An output of a body that is a captured value is renamed as well.
            foreach (var output in body.Output)
                if (output.Name == from) output.Name = to;
        }
    }

    private static bool Declares(GraphProto body, string name) =>
        body.Input.Any(i => i.Name == name) || body.Initializer.Any(i => i.Name == name) || body.Node.Any(n => n.Output.Contains(name));
}
