using System.Globalization;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>
/// Removes the channels with which least is lost, with all weights that make or read them, and repairs the layers behind in closed form: W' is W + (Y − W·X)·Xᵀ·(X·Xᵀ + λI)⁻¹
/// for what a layer reads (X) and is to yield (Y) on samples. Channels that a sum joins go together; counts are multiples of 8. Lossy; faster by about the
/// share of multiply-accumulates that go. Needs no labels, and no training for up to about a third of them. Refused for models that are not
/// normalised, and where more is to go than the graph allows.
/// </summary>
public sealed class ChannelPruning : ModelTransformation
{
    private readonly ISampleSource _samples;
    private readonly IReadOnlyList<TensorSpec> _inputs;
    private readonly PruningOptions _options;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="samples">Samples; at best a hundred or more.</param>
    /// <param name="inputs">The inputs as the plan of the model states them.</param>
    /// <param name="options">How it is done; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public ChannelPruning(ISampleSource samples, IReadOnlyList<TensorSpec> inputs, PruningOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= new();
        options.Validate();
        (_samples, _inputs, _options) = (samples, inputs, options);
    }

    /// <inheritdoc/>
    public override string Name => "pruning";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        if (edit.Opset < 13) throw edit.Refusal(Name, $"its operators are of version {edit.Opset}; normalise the model first");
        var original = new GraphEdit(OnnxModel.Parse(edit.ToBytes()));
        var classes = ChannelClasses.Of(edit, ValueTypes.Of(edit.Model, _options.Execution));
        var (sensitivities, places) = Measure(edit, classes, cancellationToken);
        var plan = PruningPlan.Of(classes, sensitivities, places);
        if (plan.Candidates == 0) throw edit.Refusal(Name, "every channel reaches an output, or an operator that takes channels together");
        var before = plan.Cost;
        var removed = plan.Choose(_options.Share, _options.LeastKept);
        var share = 1 - (plan.Cost / before);
        if (share < _options.Share) throw edit.Refusal(Name, string.Create(CultureInfo.InvariantCulture, $"at most {share:P1} of the multiply-accumulates can go, and {_options.Share:P1} are to; ask for less"));
        var slicing = new ChannelSlicing(edit, classes, removed);
        slicing.Apply();
        var repaired = _options.Repairs ? Behind(edit, classes, slicing) : [];
        new ClosedFormRepair(original, edit, _samples, _inputs, _options.Execution).Repair([.. repaired.Select(layer => (layer.Node, original.ProducerOf(layer.Node.Output[0])!, slicing.Kept(layer.Outputs)))], cancellationToken);
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"removed {removed.Count} of {plan.Candidates} channels with {share:P1} of the multiply-accumulates, and repaired {repaired.Count} layers on {_samples.Count} samples"));
    }

    /// <summary>What every layer whose input channels are followed loses with one, and the number of places of every layer.</summary>
    private (LayerSensitivity?[] Sensitivities, long[] Places) Measure(GraphEdit edit, ChannelClasses classes, CancellationToken cancellationToken)
    {
        var read = classes.Layers.Where(static l => l.Inputs is not null).Select(static l => l.Node.Input[0]).Distinct(StringComparer.Ordinal).ToArray();
        string[] values = [.. read.Concat(classes.Layers.Select(static l => l.Node.Output[0])).Distinct(StringComparer.Ordinal)];
        var moments = read.ToDictionary(static value => value, static _ => new ChannelMoments(), StringComparer.Ordinal);
        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        using var session = TruncatedModel.Load(edit, values, _options.Execution);
        for (var sample = 0; sample < _samples.Count; sample++)
        {
            var tensors = TruncatedModel.Run(session, _samples, sample, _inputs, cancellationToken);
            for (var i = 0; i < tensors.Length; i++)
            {
                var (name, tensor) = (session.Outputs[i].Name, tensors[i]);
                if (sample == 0) places[name] = Patches.PlacesOf(tensor.Shape);
                if (moments.TryGetValue(name, out var found)) found.Add(tensor);
                tensor.Dispose();
            }
        }

        return ([.. classes.Layers.Select(l => l.Inputs is null ? null : new LayerSensitivity(l.Product, moments[l.Node.Input[0]]))], [.. classes.Layers.Select(l => places[l.Node.Output[0]])]);
    }

    /// <summary>The layers that read what comes of a layer with fewer channels, in order.</summary>
    private static List<PrunableLayer> Behind(GraphEdit edit, ChannelClasses classes, ChannelSlicing slicing)
    {
        var changed = classes.Layers.Where(slicing.Changes).Select(static l => l.Node.Output[0]).ToHashSet(StringComparer.Ordinal);
        var layers = classes.Layers.ToDictionary(static l => l.Node.Output[0], StringComparer.Ordinal);
        List<PrunableLayer> behind = [];
        foreach (var node in edit.Graph.Node.Where(node => node.Input.Concat(Captures.Of(node)).Any(changed.Contains)))
        {
            changed.UnionWith(node.Output);
            if (layers.TryGetValue(node.Output[0], out var layer)) behind.Add(layer);
        }

        return behind;
    }
}
