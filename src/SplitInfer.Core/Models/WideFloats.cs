using System.Collections.Frozen;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>
/// The float16 values that cross a cut as float32. Where an engine has no float16 kernel it computes in float32 and does not round between two
/// such nodes, so that inside the whole model a value can be larger, smaller or finer than float16 holds; rounded at a cut it could be
/// infinite or 0. The conversion therefore moves over the cut: the head yields float32, the tail converts it back, and the engine removes
/// both conversions where it would not have rounded. Immutable.
/// </summary>
internal sealed class WideFloats
{
    // The engine tells by this name that a conversion is not there for the sake of rounding.
    private const string FreeCast = "InsertedPrecisionFreeCast_";

    private const string Suffix = "/float32", Source = "/source";

    // Before this version of the operators a conversion names its type in words.
    private const long NumberedCastVersion = 6;

    /// <summary>Operators with a float16 kernel on every CPU. Between two nodes without one the engine runs them in float32 as well.</summary>
    private static readonly FrozenSet<string> HalfKernels = FrozenSet.Create(StringComparer.Ordinal,
        "Cast", "CastLike", "Clip", "Compress", "Concat", "Constant", "ConstantOfShape", "DequantizeLinear", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity",
        "If", "IsInf", "IsNaN", "LayerNormalization", "Loop", "Max", "Min", "Mod", "QuantizeLinear", "Reshape", "ReverseSequence", "RMSNormalization", "Round", "Scan",
        "Scatter", "ScatterElements", "ScatterND", "Shape", "Sign", "SimplifiedLayerNormalization", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
        "SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "Inverse");

    /// <summary>Those among them whose element type follows from what they read and nothing else, so that they can be run in float32.</summary>
    private static readonly FrozenSet<string> Retyped = HalfKernels.Except(
        ["Cast", "CastLike", "Constant", "ConstantOfShape", "DequantizeLinear", "If", "IsInf", "IsNaN", "Loop", "QuantizeLinear", "Scan", "Shape"], StringComparer.Ordinal).ToFrozenSet(StringComparer.Ordinal);

    private readonly Func<string, bool> _isHalf;
    private readonly HashSet<NodeProto> _betweenWide;
    private readonly string _suffix;
    private readonly long _castVersion;

    /// <summary>Looks for the values of a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="typeOf">The element type of a value; undefined if it is unknown.</param>
    public WideFloats(ModelGraph graph, Func<string, ElementType> typeOf)
    {
        _isHalf = name => name.Length > 0 && typeOf(name) == ElementType.Float16;
        var hasHalf = graph.Nodes.SelectMany(static n => n.Outputs).Any(_isHalf);
        _betweenWide = hasHalf ? [.. BetweenWide(graph).Select(static n => n.Proto)] : [];
        _suffix = hasHalf ? FreshNames.Suffix(graph.Model.Graph, Suffix) : Suffix;
        _castVersion = graph.Model.Shell.OpsetImport.FirstOrDefault(static o => o.Domain is "" or "ai.onnx")?.Version ?? 0;
    }

    /// <summary>Whether a value crosses as float32. What the model is fed is float16 to begin with.</summary>
    public bool Has(GraphValue value) => value.Producer != GraphValue.Fed && _isHalf(value.Name);

    /// <summary>The name of the float32 form of a value.</summary>
    public string NameOf(string value) => value + _suffix;

    /// <summary>Changes a segment to float32 inputs and outputs, which its lists of inputs and outputs already have.</summary>
    /// <param name="segment">The segment, which is changed; its nodes are not, but replaced.</param>
    /// <param name="taken">The values whose float32 form the segment is fed.</param>
    /// <param name="yielded">The values whose float32 form the segment yields.</param>
    public void Widen(ModelProto segment, IReadOnlySet<string> taken, IReadOnlySet<string> yielded)
    {
        if (taken.Count == 0 && yielded.Count == 0) return;
        var graph = segment.Graph;
        NodeProto[] nodes = [.. graph.Node];
        graph.Node.Clear();
        var wide = new HashSet<string>(taken, StringComparer.Ordinal);
        var read = nodes.Where(n => !RunsWide(n)).SelectMany(static n => n.Input.Concat(Captures.Of(n))).Concat(graph.Output.Select(static o => o.Name)).ToHashSet(StringComparer.Ordinal);
        var readAtAll = nodes.SelectMany(static n => n.Input.Concat(Captures.Of(n))).Concat(graph.Output.Select(static o => o.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var value in taken.Where(read.Contains).Order(StringComparer.Ordinal)) graph.Node.Add(Cast(NameOf(value), value, ElementType.Float16));
        foreach (var node in nodes)
        {
            if (RunsWide(node)) AddWide(node);
            else
            {
                AddYielding(node);
            }
        }

        if (_castVersion == 0) segment.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 13 });

        bool RunsWide(NodeProto node) => _betweenWide.Contains(node) && (node.Input.Any(taken.Contains) || node.Output.Any(yielded.Contains));

        void AddYielding(NodeProto node)
        {
            if (!node.Output.Any(yielded.Contains))
            {
                graph.Node.Add(node);
                return;
            }

            // The engine removes a conversion to float16 only where nothing but conversions reads it, so whoever reads the value gets one.
            var renamed = node.Clone();
            graph.Node.Add(renamed);
            for (var i = 0; i < node.Output.Count; i++)
            {
                var output = node.Output[i];
                if (!yielded.Contains(output)) continue;
                renamed.Output[i] = NameOf(output) + Source;
                graph.Node.Add(Cast(renamed.Output[i], NameOf(output), ElementType.Float32));
                wide.Add(output);
                if (readAtAll.Contains(output)) graph.Node.Add(Cast(renamed.Output[i], output, ElementType.Float16));
            }
        }

        void AddWide(NodeProto node)
        {
            foreach (var input in node.Input.Where(input => _isHalf(input) && wide.Add(input)).ToArray()) graph.Node.Add(Cast(input, NameOf(input), ElementType.Float32));
            var widened = node.Clone();
            for (var i = 0; i < node.Input.Count; i++)
                if (_isHalf(node.Input[i])) widened.Input[i] = NameOf(node.Input[i]);
            for (var i = 0; i < node.Output.Count; i++)
                if (_isHalf(node.Output[i])) widened.Output[i] = NameOf(node.Output[i]);
            graph.Node.Add(widened);
            foreach (var output in node.Output.Where(_isHalf))
            {
                wide.Add(output);
                if (read.Contains(output)) graph.Node.Add(Cast(NameOf(output), output, ElementType.Float16));
            }
        }
    }

    /// <summary>The nodes that have a float16 kernel and are run in float32 all the same, because all that they read and write is converted for its other side.</summary>
    private IEnumerable<GraphNode> BetweenWide(ModelGraph graph)
    {
        var producers = graph.Nodes.SelectMany(static n => n.Outputs.Select(output => (output, n))).ToDictionary(static p => p.output, static p => p.n, StringComparer.Ordinal);
        var readers = graph.Nodes.SelectMany(static n => n.Uses.Select(use => (use, n))).ToLookup(static r => r.use, static r => r.n, StringComparer.Ordinal);
        var outputs = graph.Outputs.Select(static o => o.Name).ToHashSet(StringComparer.Ordinal);
        return graph.Nodes.Where(node =>
        {
            if (!HasHalfKernel(node) || !Retyped.Contains(node.Proto.OpType) || node.Proto.Attribute.Any(static a => a.G is not null) || node.Outputs.Any(outputs.Contains)) return false;
            var (inputs, written) = (node.Uses.Where(_isHalf).ToArray(), node.Outputs.Where(_isHalf).ToArray());
            // What is fed or constant is converted as well.
            return inputs.Any(producers.ContainsKey) && inputs.All(input => !producers.TryGetValue(input, out var producer) || IsConverted(producer))
                && written.SelectMany(output => readers[output]).Any() && written.SelectMany(output => readers[output]).All(IsConverted);
        });
    }

    private bool IsConverted(GraphNode node) => !HasHalfKernel(node) && node.Uses.Any(_isHalf);

    private static bool HasHalfKernel(GraphNode node) => (node.IsStandard || node.Proto.Domain == "com.microsoft") && HalfKernels.Contains(node.Proto.OpType);

    private NodeProto Cast(string from, string to, ElementType type) => new()
    {
        OpType = "Cast",
        Name = FreeCast + to,
        Input = { from },
        Output = { to },
        Attribute =
        {
            _castVersion is > 0 and < NumberedCastVersion
                ? new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.String, S = Google.Protobuf.ByteString.CopyFromUtf8(type == ElementType.Float32 ? "FLOAT" : "FLOAT16") }
                : new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)type },
        },
    };
}
