using System.Collections.Frozen;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Surgery;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>
/// Which channels of a graph can only go together. Every output channel of a layer has a number; operators that keep channels apart pass numbers on, sums
/// join them, <c>Concat</c> puts them one behind the other. Channels that reach anything else, or an output of the model, stay.
/// </summary>
internal sealed class ChannelClasses
{
    private static readonly FrozenSet<string> Passing = FrozenSet.Create(StringComparer.Ordinal,
        "Abs", "AveragePool", "Ceil", "Elu", "Erf", "Floor", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MaxPool", "Mish", "Neg", "Relu",
        "Selu", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt", "Tanh", "ThresholdedRelu");

    private readonly GraphEdit _edit;
    private readonly ValueTypes _types;
    private readonly List<int> _parents = [];
    private readonly HashSet<int> _kept = [];
    private readonly Dictionary<string, int[]> _channels = new(StringComparer.Ordinal);
    private readonly List<PrunableLayer> _layers = [];
    private readonly List<ChannelConstant> _constants = [];
    private readonly List<NodeProto> _flattening = [];

    private ChannelClasses(GraphEdit edit, ValueTypes types) => (_edit, _types) = (edit, types);

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<PrunableLayer> Layers => _layers;

    /// <summary>What has an element for each channel.</summary>
    public IReadOnlyList<ChannelConstant> Constants => _constants;

    /// <summary><c>Reshape</c> nodes that make one axis of channels and places.</summary>
    public IReadOnlyList<NodeProto> Flattening => _flattening;

    /// <summary>Follows the channels of a graph.</summary>
    public static ChannelClasses Of(GraphEdit edit, ValueTypes types)
    {
        var classes = new ChannelClasses(edit, types);
        foreach (var node in edit.Graph.Node) classes.Visit(node);
        foreach (var output in edit.Graph.Output) classes.Keep(output.Name);
        return classes;
    }

    /// <summary>The class of a channel.</summary>
    public int ClassOf(int channel)
    {
        while (_parents[channel] != channel) channel = _parents[channel] = _parents[_parents[channel]];
        return channel;
    }

    /// <summary>The classes whose channels must stay.</summary>
    public HashSet<int> Kept() => [.. _kept.Select(ClassOf)];

    private void Visit(NodeProto node)
    {
        var input = node.Input.Count > 0 ? _channels.GetValueOrDefault(node.Input[0]) : null;
        if (node.Domain is not ("" or "ai.onnx") || node.Output.Count != 1 || Captures.Of(node).Any()) KeepAll(node);
        else if (Ops.IsOneOf(node, "Conv", "Gemm") && ProductWeights.Of(_edit, node) is { } product && RankOf(node.Input[0]) is 2 or 3 or 4) VisitLayer(node, product, input);
        else if (input is null) VisitSum(node);
        else if (Passing.Contains(node.OpType) && node.Input.Count == 1 || IsPassing(node)) Pass(node, input);
        else if (Ops.Is(node, "Concat") && Ops.Integer(node, "axis", 0) is 1 && node.Input.All(_channels.ContainsKey)) _channels[node.Output[0]] = [.. node.Input.SelectMany(i => _channels[i])];
        else if (PlacesWhenFlat(node) is { } places) _channels[node.Output[0]] = [.. input.SelectMany(channel => Enumerable.Repeat(channel, places))];
        else VisitSum(node);
    }

    private void VisitLayer(NodeProto node, ProductWeights product, int[]? input)
    {
        if (product.Groups == 1)
        {
            if (input is not null && input.Length != product.Inputs)
            {
                KeepAll(node);
                input = null;
            }

            var outputs = _channels[node.Output[0]] = [.. Enumerable.Range(_parents.Count, product.Outputs)];
            _parents.AddRange(outputs);
            _layers.Add(new(node, product, input, outputs));
        }
        else if (input is not null && product.InputsPerGroup == 1 && product.Outputs == product.Groups)
        {
            _constants.Add(new(node, 1, 0, input));
            if (Ops.Input(node, 2).Length > 0) _constants.Add(new(node, 2, 0, input));
            Pass(node, input);
        }
        else
        {
            KeepAll(node);
        }
    }

    /// <summary>Operators of two activations of the same channels, or of one and a constant.</summary>
    private void VisitSum(NodeProto node)
    {
        if (!Ops.IsOneOf(node, "Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu", "Pow") || node.Input.Count != 2)
        {
            KeepAll(node);
            return;
        }

        var (left, right) = (_channels.GetValueOrDefault(node.Input[0]), _channels.GetValueOrDefault(node.Input[1]));
        if (left is not null && right is not null && left.Length == right.Length && RankOf(node.Input[0]) is { } rank && rank == RankOf(node.Input[1]))
        {
            for (var i = 0; i < left.Length; i++) _parents[ClassOf(left[i])] = ClassOf(right[i]);
            _channels[node.Output[0]] = left;
        }
        else if ((left ?? right) is { } only && (left is null || right is null) && TryTakeConstant(node, left is null ? 0 : 1, only))
        {
            Pass(node, only);
        }
        else
        {
            KeepAll(node);
        }
    }

    private bool TryTakeConstant(NodeProto node, int place, int[] channels)
    {
        if (_edit.FloatsOf(node.Input[place]) is not { } elements || RankOf(node.Input[1 - place]) is not { } rank) return false;
        var dimensions = _edit.ConstantOf(node.Input[place])!.Dims;
        // More dimensions would move the channels to another axis.
        if (dimensions.Count > rank) return false;
        if (elements.Length == 1) return true;
        var axis = dimensions.Count - (rank - 1);
        if (axis < 0 || axis >= dimensions.Count || elements.Length != channels.Length || dimensions[axis] != channels.Length) return false;
        _constants.Add(new(node, place, axis, channels));
        return true;
    }

    /// <summary>Operators that keep channels apart if their parameters say so.</summary>
    private bool IsPassing(NodeProto node) => node.OpType switch
    {
        "Clip" => node.Input.Skip(1).All(i => i.Length == 0 || _edit.FloatsOf(i) is [_]),
        "ReduceMean" or "ReduceMax" => Ops.Integers(node, "axes") is { Length: > 0 } axes && axes.All(static a => a >= 2),
        "Squeeze" => _edit.IntegersOf(Ops.Input(node, 1)) is { Length: > 0 } axes && axes.All(static a => a >= 2),
        "Unsqueeze" => _edit.IntegersOf(Ops.Input(node, 1)) is { Length: > 0 } axes && axes.All(static a => a >= 2),
        "Resize" => Ops.Input(node, 3).Length == 0 && _edit.FloatsOf(Ops.Input(node, 2)) is [1, 1, ..] && Ops.Text(node, "coordinate_transformation_mode", "") != "tf_crop_and_resize",
        "Pad" => RankOf(node.Input[0]) is { } rank && _edit.IntegersOf(node.Input[1]) is { } pads && pads.Length == 2 * rank && pads[0] == 0 && pads[1] == 0 && pads[rank] == 0 && pads[rank + 1] == 0 && Ops.Input(node, 3).Length == 0,
        _ => false,
    };

    /// <summary>The places of a channel that become neighbours when all axes behind the first become one; null for anything else.</summary>
    private int? PlacesWhenFlat(NodeProto node)
    {
        if (_types.Find(node.Input[0]) is not { HasShape: true } type || type.Dimensions.Length < 2 || type.Dimensions[1..].Any(static d => d < 0)) return null;
        var places = (int)type.Dimensions[2..].Aggregate(1L, static (product, size) => product * size);
        if (Ops.Is(node, "Flatten") && Ops.Integer(node, "axis", 1) == 1) return places;
        if (!Ops.Is(node, "Reshape") || _edit.IntegersOf(node.Input[1]) is not [var rows, var columns] || (columns != -1 && columns != places * type.Dimensions[1]) || (rows != 0 && rows != type.Dimensions[0])) return null;
        _flattening.Add(node);
        return places;
    }

    private int? RankOf(string value) => _types.Find(value) is { HasShape: true } type ? type.Dimensions.Length : null;

    private void Pass(NodeProto node, int[] channels) => _channels[node.Output[0]] = channels;

    private void KeepAll(NodeProto node)
    {
        foreach (var value in node.Input.Concat(Captures.Of(node))) Keep(value);
    }

    private void Keep(string value)
    {
        if (_channels.TryGetValue(value, out var channels)) _kept.UnionWith(channels);
    }
}
