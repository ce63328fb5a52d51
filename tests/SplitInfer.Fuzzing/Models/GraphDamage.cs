using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Testing;

namespace SplitInfer.Fuzzing.Models;

/// <summary>Damages models as graphs, so that they stay well-formed files: edges, names, types, dimensions, attributes, order.</summary>
internal static class GraphDamage
{
    private static readonly long[] TellingSizes = [-1, 0, 1, 2, 3, 7, 64, int.MaxValue, 1L << 31, 1L << 40, long.MaxValue, long.MinValue];

    private static readonly string[] Operators = ["Relu", "Add", "MatMul", "Conv", "Reshape", "Concat", "Split", "Shape", "Expand", "Gather", "If", "Loop", "Scan", "TopK", "NonZero", "DequantizeLinear", "Constant", "ConstantOfShape", "Range", "Tile", "Identity", "Dropout", "Cast", "Unknown"];

    /// <summary>A damaged model.</summary>
    public static byte[] Of(Random random, byte[] seed)
    {
        var model = ModelProto.Parser.ParseFrom(seed);
        for (var i = random.Next(1, 4); i > 0; i--) DamageOnce(random, model);
        return ModelBytes.Of(model);
    }

    private static void DamageOnce(Random random, ModelProto model)
    {
        var graph = model.Graph;
        if (graph.Node.Count == 0) return;
        var node = Pick(random, graph.Node);
        string[] names = [.. graph.Node.SelectMany(static n => n.Output), .. graph.Input.Select(static i => i.Name), .. graph.Initializer.Select(static i => i.Name), "", "nowhere"];
        switch (random.Next(16))
        {
            case 0: graph.Node.Remove(node); break;
            case 1: graph.Node.Add(node.Clone()); break;
            case 2: graph.Node.Insert(random.Next(graph.Node.Count), node.Clone()); break;
            case 3 when node.Input.Count > 0: node.Input[random.Next(node.Input.Count)] = names[random.Next(names.Length)]; break;
            case 4 when node.Output.Count > 0: node.Output[random.Next(node.Output.Count)] = names[random.Next(names.Length)]; break;
            case 5: node.OpType = Operators[random.Next(Operators.Length)]; break;
            case 6 when node.Attribute.Count > 0: Damage(random, Pick(random, node.Attribute)); break;
            case 7 when node.Attribute.Count > 0: node.Attribute.RemoveAt(random.Next(node.Attribute.Count)); break;
            case 8 when graph.Initializer.Count > 0: Damage(random, Pick(random, graph.Initializer)); break;
            case 9 when graph.Input.Count > 0: Damage(random, Pick(random, graph.Input)); break;
            case 10: graph.Output.Add(new ValueInfoProto { Name = names[random.Next(names.Length)] }); break;
            case 11: graph.Input.Add(new ValueInfoProto { Name = names[random.Next(names.Length)] }); break;
            case 12 when model.OpsetImport.Count > 0: Pick(random, model.OpsetImport).Version = TellingSizes[random.Next(TellingSizes.Length)]; break;
            case 13: node.Input.Add(names[random.Next(names.Length)]); break;
            case 14: node.Domain = random.Next(2) == 0 ? "ai.onnx.ml" : "com.nobody"; break;
            default: node.Name = names[random.Next(names.Length)]; break;
        }
    }

    private static void Damage(Random random, AttributeProto attribute)
    {
        switch (random.Next(4))
        {
            case 0: attribute.I = TellingSizes[random.Next(TellingSizes.Length)]; break;
            case 1 when attribute.Ints.Count > 0: attribute.Ints[random.Next(attribute.Ints.Count)] = TellingSizes[random.Next(TellingSizes.Length)]; break;
            case 2: attribute.Type = (AttributeProto.Types.AttributeType)random.Next(16); break;
            default: if (attribute.T is { } tensor) Damage(random, tensor); else attribute.F = float.NaN; break;
        }
    }

    private static void Damage(Random random, TensorProto tensor)
    {
        switch (random.Next(4))
        {
            case 0: tensor.Dims.Add(TellingSizes[random.Next(TellingSizes.Length)]); break;
            case 1 when tensor.Dims.Count > 0: tensor.Dims[random.Next(tensor.Dims.Count)] = TellingSizes[random.Next(TellingSizes.Length)]; break;
            case 2: tensor.DataType = random.Next(30); break;
            default: tensor.RawData = ByteString.CopyFrom(tensor.RawData.Span[..random.Next(tensor.RawData.Length + 1)]); break;
        }
    }

    private static void Damage(Random random, ValueInfoProto value)
    {
        if (value.Type?.TensorType is not { } type) return;
        if (random.Next(3) == 0) type.ElemType = random.Next(30);
        else if (type.Shape is { Dim.Count: > 0 } shape) Pick(random, shape.Dim).DimValue = TellingSizes[random.Next(TellingSizes.Length)];
    }

    private static T Pick<T>(Random random, IList<T> items) => items[random.Next(items.Count)];
}
