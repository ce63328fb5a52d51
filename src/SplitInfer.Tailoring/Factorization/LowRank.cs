using System.Globalization;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Factorization;

/// <summary>
/// Writes weights as a product of two thin matrices, W ≈ U·V with U = Q_r and V = Q_rᵀ·W, where Q_r are the first r eigenvectors of W·C·Wᵀ and C is the
/// covariance of what the layer reads on samples, or the identity without samples. r is the least for which the layer keeps a given share of the
/// variance of what it yields, rounded up to a multiple of 8; only where r·(inputs + outputs) is clearly below inputs·outputs. The bias takes the mean of what is
/// left. For <c>Gemm</c>, <c>MatMul</c> and 1×1 convolutions. Lossy. Refused where no layer becomes cheaper.
/// </summary>
public sealed class LowRank : ModelTransformation
{
    private readonly LowRankOptions _options;
    private readonly ISampleSource? _samples;
    private readonly IReadOnlyList<TensorSpec> _inputs;

    /// <summary>Prepares the transformation without samples: weights alone decide.</summary>
    /// <param name="options">How it is done; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public LowRank(LowRankOptions? options = null)
    {
        options ??= new();
        options.Validate();
        (_options, _inputs) = (options, []);
    }

    /// <summary>Prepares the transformation with samples, which show what of the weights matters.</summary>
    /// <param name="samples">Samples.</param>
    /// <param name="inputs">The inputs as the plan of the model states them.</param>
    /// <param name="options">How it is done; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public LowRank(ISampleSource samples, IReadOnlyList<TensorSpec> inputs, LowRankOptions? options = null) : this(options)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(inputs);
        (_samples, _inputs) = (samples, inputs);
    }

    /// <inheritdoc/>
    public override string Name => "low-rank";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        var layers = edit.Graph.Node.Select(node => FactorizableLayer.Of(edit, node)).OfType<FactorizableLayer>().ToArray();
        if (layers.Length == 0) throw edit.Refusal(Name, "no Gemm, MatMul or 1×1 convolution has constant float32 weights");
        var moments = _samples is null ? [] : Measure(edit, layers, cancellationToken);
        var (changed, before, after) = (0, 0L, 0L);
        foreach (var layer in layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var weights = (long)layer.Inputs * layer.Outputs;
            before += weights;
            var factors = MatrixFactors.Of(layer, moments.GetValueOrDefault((layer.Node.Input[0], layer.IsConvolution)), _options, cancellationToken);
            after += factors is null ? weights : (long)factors.Rank * (layer.Inputs + layer.Outputs);
            if (factors is null) continue;
            layer.ReplaceBy(edit, factors);
            changed++;
        }

        if (changed == 0) throw edit.Refusal(Name, string.Create(CultureInfo.InvariantCulture, $"no layer keeps {_options.Energy:P1} of its variance at a rank that saves anything"));
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"{changed} of {layers.Length} layers as two, with {(double)after / before:P1} of the weights of all"));
    }

    private Dictionary<(string, bool), ChannelMoments> Measure(GraphEdit edit, FactorizableLayer[] layers, CancellationToken cancellationToken)
    {
        var moments = layers.Select(static l => (l.Node.Input[0], l.IsConvolution)).Distinct().ToDictionary(static key => key, static _ => new ChannelMoments());
        string[] values = [.. moments.Keys.Select(static key => key.Item1).Where(value => !edit.IsInput(value)).Distinct(StringComparer.Ordinal)];
        if (values.Length == 0) return [];
        using var session = TruncatedModel.Load(edit, values, _options.Execution);
        for (var sample = 0; sample < _samples!.Count; sample++)
        {
            var tensors = TruncatedModel.Run(session, _samples, sample, _inputs, cancellationToken);
            for (var i = 0; i < tensors.Length; i++)
            {
                if (moments.TryGetValue((session.Outputs[i].Name, true), out var byChannel)) byChannel.Add(tensors[i], isLast: false);
                if (moments.TryGetValue((session.Outputs[i].Name, false), out var byColumn)) byColumn.Add(tensors[i], isLast: true);
                tensors[i].Dispose();
            }
        }

        foreach (var key in moments.Where(static m => m.Value.IsEmpty).Select(static m => m.Key).ToArray()) moments.Remove(key);
        return moments;
    }
}
