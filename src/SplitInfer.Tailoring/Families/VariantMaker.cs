using System.Collections.Immutable;
using SplitInfer.Models;
using SplitInfer.Tailoring.Pruning;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.Float16;
using SplitInfer.Tailoring.Surgery.Normalization;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Families;

/// <summary>
/// Makes variants. What several need is made once: the normal form, statistics of its values, the order of its sensitive products, and each pruned form.
/// Refusals are as <see cref="ModelTransformation.Apply"/> has them. Not thread-safe.
/// </summary>
internal sealed class VariantMaker(OnnxModel model, IReadOnlyList<TensorSpec> inputs, SampleSplit samples, TailoringOptions options, TailoringReport report, CancellationToken cancellationToken)
{
    /// <summary>By how many percent of the multiplications models are pruned.</summary>
    public static readonly ImmutableArray<int> PrunedPercents = [20, 40];

    // Each layer is repaired by thousands of places, of which a sample has hundreds; more samples cost more than they give.
    private const int MostPruningSamples = 40;

    private readonly Dictionary<int, Lazy<TransformedModel>> _pruned = [];
    private readonly Dictionary<int, SampleStatistics> _prunedStatistics = [];
    private TransformedModel? _normal;
    private SampleStatistics? _statistics;
    private IReadOnlyList<string>? _sensitive;

    /// <summary>Makes what all others are made of.</summary>
    public MadeVariant Normalise()
    {
        report.Say("Normalising the model");
        _normal = new Normalization(options.Execution).Apply(model, cancellationToken);
        return new(_normal.Model, _normal.Bytes, Parent: null, _normal.Changes);
    }

    /// <summary>The model as it is, in one file.</summary>
    public MadeVariant AsItIs(string reason)
    {
        var bytes = new GraphEdit(model).ToBytes();
        return new(OnnxModel.Parse(bytes.AsMemory(), source: $"{model.Source} (float32)"), bytes, Parent: null, [$"as it is, since it cannot be normalised: {reason}"]);
    }

    /// <summary>Products in integers, but for the most sensitive ones.</summary>
    public MadeVariant Int8(Int8Format format, int kept)
    {
        // All of them in float32 is refused as what it is.
        var keptInFloat = kept == 0 ? [] : Sensitive(format).Take(kept).ToHashSet(StringComparer.Ordinal);
        var made = Apply(new StaticInt8(Statistics(), format.Options(keptInFloat)));
        return kept == 0 ? made : made with { Steps = [.. made.Steps, $"kept in float32: {string.Join(", ", keptInFloat)}"] };
    }

    /// <summary>Products in integers with ranges found in each run.</summary>
    public MadeVariant DynamicInt8(int weightBits) => Apply(new DynamicInt8(weightBits));

    /// <summary>Weights in half the bytes.</summary>
    public MadeVariant HalfWeights() => Apply(new Float16Storage());

    /// <summary>Weights in a quarter of the bytes.</summary>
    public MadeVariant Int8Weights() => Apply(new WeightOnlyInt8());

    /// <summary>Fewer channels, in float32.</summary>
    public TransformedModel Pruned(int percent)
    {
        if (options.Statistics is not null) throw new TransformationRefusedException("pruning", model.Source, "it repairs layers on samples, and statistics alone are given; leave out --stats, and give a folder with samples to make variants with");
        if (!_pruned.TryGetValue(percent, out var pruned))
        {
            // A refusal is kept as well.
            _pruned.Add(percent, pruned = new(() =>
            {
                report.Say($"Removing channels, {percent} %");
                return new ChannelPruning(FirstOf(MostPruningSamples), inputs, new() { Share = percent / 100.0, Execution = options.ExecutionOf(1) }).Apply(Normal.Model, cancellationToken);
            }));
        }

        return pruned.Value;
    }

    /// <summary>Fewer channels, and products in integers.</summary>
    public MadeVariant PrunedInt8(Int8Format format, int percent)
    {
        var pruned = Pruned(percent);
        if (!_prunedStatistics.TryGetValue(percent, out var statistics)) _prunedStatistics.Add(percent, statistics = Collect(pruned.Model));
        var made = new StaticInt8(statistics, format.Options()).Apply(pruned.Model, cancellationToken);
        return new(made.Model, made.Bytes, "float32", [.. Normal.Changes, .. pruned.Changes, .. made.Changes]);
    }

    private TransformedModel Normal => _normal ?? throw new InvalidOperationException("There is no normal form.");

    private MadeVariant Apply(ModelTransformation transformation)
    {
        var made = transformation.Apply(Normal.Model, cancellationToken);
        return new(made.Model, made.Bytes, "float32", [.. Normal.Changes, .. made.Changes]);
    }

    private SampleStatistics Statistics() => _statistics ??= options.Statistics?.Of(Normal.Model.Fingerprint) ?? Collect(Normal.Model);

    private SampleStatistics Collect(OnnxModel of) => StatisticsCollector.Collect(of, inputs, samples.Making, options.ExecutionOf(1), report.Counting("Collecting ranges", samples.Making.Count), cancellationToken);

    private SamplePart FirstOf(int count) => new(samples.Making, [.. Enumerable.Range(0, Math.Min(samples.Making.Count, count))]);

    /// <summary>The products, the most sensitive first. Which these are hardly depends on the format, so the first that is asked for decides for all.</summary>
    private IReadOnlyList<string> Sensitive(Int8Format format)
    {
        if (_sensitive is not null) return _sensitive;
        var scan = SensitivityScan.Run(Normal.Model, inputs, FirstOf(options.SensitivitySamples), Statistics(), format.Options(), options.ExecutionOf(1), report, cancellationToken);
        return _sensitive = [.. scan.Select(static found => found.Product)];
    }
}

/// <summary>A variant that is not measured yet.</summary>
/// <param name="Model">The model.</param>
/// <param name="Bytes">The ONNX file.</param>
/// <param name="Parent">The variant that it was made of; null for the model itself.</param>
/// <param name="Steps">What was done, in order.</param>
internal sealed record MadeVariant(OnnxModel Model, ReadOnlyMemory<byte> Bytes, string? Parent, ImmutableArray<string> Steps);
