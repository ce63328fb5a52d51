using System.Collections.Frozen;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// Determines which nodes give equal results on client and server for equal inputs. Only those may be computed on both; what is not known to be
/// deterministic is taken as not, which costs a crossing value and never a wrong result.
/// </summary>
internal sealed class Determinism
{
    // Before this version Dropout trains unless told otherwise.
    private const long InferenceDropoutVersion = 7;

    private static readonly FrozenSet<string> KnownDomains = FrozenSet.Create(StringComparer.Ordinal, "", "ai.onnx", "ai.onnx.ml", "com.microsoft");

    private static readonly FrozenSet<string> RandomOperators = FrozenSet.Create(StringComparer.Ordinal,
        "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli",
        "Sampling", "BeamSearch", "WhisperBeamSearch", "GreedySearch", "BiasDropout", "BitmaskDropout", "BitmaskBiasDropout");

    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly Dictionary<FunctionProto, bool> _known = [];
    private readonly bool _dropoutMayTrain;

    public Determinism(ModelProto model)
    {
        foreach (var function in model.Functions) _functions.TryAdd((function.Domain, function.Name, function.Overload), function);
        _dropoutMayTrain = model.OpsetImport.Any(static o => o.Domain is "" or "ai.onnx" && o.Version < InferenceDropoutVersion);
    }

    /// <summary>Whether the node, its bodies and the functions that it calls are deterministic.</summary>
    public bool Holds(NodeProto node)
    {
        if (_functions.TryGetValue((node.Domain, node.OpType, node.Overload), out var function)) return Holds(function);
        if (!KnownDomains.Contains(node.Domain) || RandomOperators.Contains(node.OpType) || MayTrain(node)) return false;
        return node.Attribute.All(a => (a.G is null || Holds(a.G)) && a.Graphs.All(Holds));
    }

    /// <summary>Whether the operator always draws random numbers, unlike <c>Dropout</c>.</summary>
    public static bool IsRandom(NodeProto node) => KnownDomains.Contains(node.Domain) && RandomOperators.Contains(node.OpType);

    private bool Holds(GraphProto body) => body.Node.All(Holds);

    private bool Holds(FunctionProto function)
    {
        if (_known.TryGetValue(function, out var known)) return known;
        // A function that calls itself is not valid; taking it as not deterministic ends the recursion.
        _known[function] = false;
        return _known[function] = function.Node.All(Holds);
    }

    private bool MayTrain(NodeProto node) =>
        node.OpType == "Dropout" && (_dropoutMayTrain || (node.Input.Count > 2 && node.Input[2].Length > 0));
}
