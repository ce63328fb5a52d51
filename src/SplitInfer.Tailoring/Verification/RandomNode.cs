using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>
/// Finds a node because of which two runs of a model may differ, so that a wrong result of a cut cannot be recognised.
/// </summary>
internal sealed class RandomNode
{
    private readonly ModelGraph _graph;
    private readonly Dictionary<string, bool> _truths;
    private readonly HashSet<FunctionProto> _seen = [];

    private RandomNode(ModelGraph graph, Dictionary<string, bool> truths) => (_graph, _truths) = (graph, truths);

    /// <summary>What draws random numbers and where, in words: <c>Dropout in training mode draws random numbers: node 'x' (Dropout)</c>; null if nothing does that is known to.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">A tensor for each input of the plan, which may switch training on or off.</param>
    public static string? Find(PartitionedModel model, IReadOnlyList<TensorValue> inputs)
    {
        var graph = ModelGraph.Of(model.Model);
        var search = new RandomNode(graph, TruthsOf(model, inputs));
        return graph.Nodes.Select(node => search.Reason(node.Proto) is { } reason ? $"{reason}: {node}" : null).FirstOrDefault(static reason => reason is not null);
    }

    /// <summary>Why a node draws random numbers, or a body or function of it; null if it does not.</summary>
    private string? Reason(NodeProto node)
    {
        if (FunctionOf(node) is { } function) return _seen.Add(function) ? function.Node.Select(Reason).FirstOrDefault(static reason => reason is not null) : null;
        if (Determinism.IsRandom(node)) return $"{node.OpType} draws random numbers";
        if (node.OpType == "Dropout" && Trains(node)) return "Dropout in training mode draws random numbers";
        return node.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G)).SelectMany(static body => body.Node).Select(Reason).FirstOrDefault(static reason => reason is not null);
    }

    // An unknown value may be true.
    private bool Trains(NodeProto node) => node.Input.Count > 2 && node.Input[2].Length > 0 && _truths.GetValueOrDefault(node.Input[2], true);

    private FunctionProto? FunctionOf(NodeProto node) =>
        _graph.Model.Shell.Functions.FirstOrDefault(f => f.Domain == node.Domain && f.Name == node.OpType && f.Overload == node.Overload);

    /// <summary>The truth values that the file or the inputs fix, by name.</summary>
    private static Dictionary<string, bool> TruthsOf(PartitionedModel model, IReadOnlyList<TensorValue> inputs)
    {
        var truths = new Dictionary<string, bool>(StringComparer.Ordinal);
        var graph = model.Model.Graph;
        var constants = graph.Node.Where(static n => n.OpType == "Constant" && n.Output.Count == 1)
            .Select(static n => (Name: n.Output[0], Value: n.Attribute.FirstOrDefault(static a => a.Name == "value")?.T));
        foreach (var (name, value) in graph.Initializer.Select(static i => (i.Name, Value: (TensorProto?)i)).Concat(constants))
            if (value is { DataType: (int)ElementType.Bool, DataLocation: TensorProto.Types.DataLocation.Default }) truths[name] = IsTrue(value);
        for (var i = 0; i < inputs.Count; i++)
            if (inputs[i].ElementType == ElementType.Bool) truths[model.Plan.Inputs[i].Name] = inputs[i].Bytes.Span.ContainsAnyExcept((byte)0);
        return truths;
    }

    private static bool IsTrue(TensorProto value)
    {
        using var tensor = TensorProtoReader.Read(value);
        return tensor.Bytes.Span.ContainsAnyExcept((byte)0);
    }
}
