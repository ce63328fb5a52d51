using SplitInfer.Models;

namespace SplitInfer.Fuzzing.Models;

/// <summary>The reader of model files, up to the graph, without the engine.</summary>
internal class OnnxTarget : FuzzTarget
{
    public override string Name => "onnx";

    protected override IReadOnlyList<byte[]> Seeds => ModelSeeds.All;

    public override bool Documents(Exception error) => error is ModelFormatException or ModelNotSupportedException;

    public override string Take(byte[] input)
    {
        var graph = ModelGraph.Of(OnnxModel.Parse(input), System.Collections.Frozen.FrozenSet<string>.Empty);
        return $"{graph.Nodes.Length} nodes";
    }

    protected override byte[] Make(Random random, byte[] seed, byte[] other)
    {
        var bytes = random.Next(2) == 0 ? GraphDamage.Of(random, seed) : seed;
        return bytes == seed || random.Next(4) == 0 ? Damage(random, bytes, other) : bytes;
    }
}
