using SplitInfer.Tensors;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Testing.Attacks;

/// <summary>The models of a server that is attacked.</summary>
internal static class AttackModels
{
    /// <summary>What a polite client uses: small convolutions, some milliseconds a run.</summary>
    public const string Demo = "demo";

    /// <summary>Two numbers become a tensor of a size that the client states: inputs <c>count</c> and <c>x</c>.</summary>
    public const string Expand = "expand";

    /// <summary>As many rounds as the client states: inputs <c>count</c> and <c>x</c>.</summary>
    public const string Loop = "loop";

    /// <summary>Boundary and output of any size, stated by the client: input <c>x</c>, n × 1024.</summary>
    public const string Wide = "wide";

    /// <summary>The models by their names.</summary>
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        [Demo] = ResNet18.Build(size: 32, classes: 10, width: 16).ToBytes(),
        [Expand] = ExpandModel(),
        [Loop] = LoopModel(),
        [Wide] = WideModel(),
    };

    /// <summary>Writes them as a server's repository.</summary>
    public static void Save(TestFolder folder)
    {
        foreach (var (name, bytes) in All) File.WriteAllBytes(folder[$"{name}/1/model.onnx"], bytes);
    }

    private static byte[] ExpandModel()
    {
        var g = new GraphBuilder();
        var size = g.Node("Reshape", [g.Input("count", ElementType.Int64), g.Longs(1)]).Typed(ElementType.Int64);
        var shape = g.Node("Concat", [size, g.Longs(4)], ("axis", 0)).Typed(ElementType.Int64);
        g.Output(g.Node("ReduceMax", [g.Relu(g.Node("Expand", [g.Input("x", ElementType.Float32, 1, 4), shape]))], ("keepdims", 1)), "y");
        return g.ToBytes();
    }

    private static byte[] LoopModel()
    {
        var g = new GraphBuilder();
        var body = g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var state = body.Input("state", ElementType.Float32, 1, 4);
        body.Output(body.Identity(go));
        body.Output(body.Tanh(state));
        g.Output(g.Node("Loop", [g.Input("count", ElementType.Int64), null, g.Input("x", ElementType.Float32, 1, 4)], ("body", body)).Typed(ElementType.Float32), "y");
        return g.ToBytes();
    }

    private static byte[] WideModel()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32, "n", 1024)), "y");
        return g.ToBytes();
    }
}
