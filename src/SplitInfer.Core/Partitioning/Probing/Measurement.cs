using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Runs a model once to find the dimensions that its file does not fix. The run returns shapes, not values, so that it needs no more memory
/// than any other run.
/// </summary>
internal sealed class Measurement
{
    private const string Advice =
        $"give sensible inputs in {nameof(PlanOptions)}.{nameof(PlanOptions.SampleInputs)}, or sizes in {nameof(PlanOptions)}.{nameof(PlanOptions.DimensionSizes)}";

    /// <summary>Where no more values are open, those are measured too whose sizes follow from the inputs', to see that they do.</summary>
    private const int MaxChecked = 4096;

    private readonly Dictionary<string, ImmutableArray<long>> _shapes = new(StringComparer.Ordinal);

    private Measurement(NominalSizes sizes, string? failure = null) => (Sizes, Failure) = (sizes, failure);

    /// <summary>The sizes that the model was run with; the first guess if it did not run.</summary>
    public NominalSizes Sizes { get; }

    /// <summary>Why no run succeeded; null if one did, or none was needed.</summary>
    public string? Failure { get; }

    /// <summary>The dimensions that a value had; default where it was not measured.</summary>
    public ImmutableArray<long> ShapeOf(string value) => _shapes.GetValueOrDefault(value);

    /// <summary>Measures values.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="inputs">Its inputs, in order.</param>
    /// <param name="open">The values to measure: tensors with dimensions that are not fixed. Where there are none, nothing is run.</param>
    /// <param name="specOf">What is known of a value; null if nothing is.</param>
    /// <param name="options">Sizes and inputs that the application gives.</param>
    /// <param name="execution">How the model is run.</param>
    public static Measurement Of(
        ModelGraph graph, ImmutableArray<TensorSpec> inputs, IReadOnlyList<string> open, Func<string, TensorSpec?> specOf, PlanOptions options, ExecutionOptions execution)
    {
        var first = new NominalSizes(inputs, options, attempt: 0);
        if (open.Count > MaxChecked || graph.EdgeCount > Inference.MaxEdges) open = [.. open.Where(value => !Follows(specOf(value)!, inputs))];
        if (open.Count == 0) return new(first);
        using var run = new CancellationTokenSource(options.MaxMeasureTime, TimeProvider.System);
        using var memory = new MemoryWatch(run, options.MaxMeasureBytes);
        try
        {
            var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, []);
            var shapes = ShapeOutputs.AddTo(model, open);
            using var session = ProbeSession.Create(model, graph.Model.Folder, execution);
            for (var attempt = 0; ; attempt++)
            {
                var measurement = new Measurement(new(inputs, options, attempt));
                try
                {
                    measurement.CheckMemory(graph, specOf, options);
                    measurement.Run(session, inputs, shapes, options, run.Token);
                    return measurement;
                }
                catch (SplitInferException) when (attempt < NominalSizes.Attempts - 1)
                {
                    // The next guess may be one that the model runs on.
                }
            }
        }
        catch (OperationCanceledException)
        {
            return new(first, memory.IsExceeded
                ? $"{graph.Model.Source}: running the model took more memory than {nameof(PlanOptions)}.{nameof(PlanOptions.MaxMeasureBytes)} ({options.MaxMeasureBytes} bytes); raise it, or {Advice}"
                : $"{graph.Model.Source}: the model ran for more than {options.MaxMeasureTime.TotalSeconds} s; raise {nameof(PlanOptions)}.{nameof(PlanOptions.MaxMeasureTime)}, or {Advice}");
        }
        catch (SplitInferException error)
        {
            return new(first, $"{graph.Model.Source}: the model does not run on made-up inputs; {Advice}. {error.Message}");
        }
    }

    private static bool Follows(TensorSpec spec, ImmutableArray<TensorSpec> inputs) =>
        spec.IsRanked && spec.Dimensions.All(d => d.IsFixed || inputs.Any(i => i.Dimensions.Contains(d)));

    /// <summary>The sizes known before a run give a lower bound of its memory.</summary>
    private void CheckMemory(ModelGraph graph, Func<string, TensorSpec?> specOf, PlanOptions options)
    {
        var peak = LiveBytes.Peak(graph, value => Bytes(specOf(value)));
        if (peak > options.MaxMeasureBytes)
            throw new SizeLimitException($"A run takes at least {peak:0} bytes, more than {nameof(PlanOptions)}.{nameof(PlanOptions.MaxMeasureBytes)} ({options.MaxMeasureBytes}).");
    }

    private double Bytes(TensorSpec? spec) => spec is { IsRanked: true }
        ? spec.Dimensions.Aggregate(spec.Type.BitWidth() / 8.0, (product, dimension) => product * Sizes.SizeOf(dimension))
        : 0;

    private void Run(ProbeSession session, ImmutableArray<TensorSpec> inputs, ShapeOutputs shapes, PlanOptions options, CancellationToken cancellationToken)
    {
        var made = new List<TensorValue>();
        var outputs = new TensorValue[shapes.Count];
        try
        {
            session.Run(inputs.Select(Input), outputs, cancellationToken);
            foreach (var (value, shape) in shapes.Read(outputs)) _shapes.Add(value, shape);
        }
        finally
        {
            foreach (var tensor in made.Concat(outputs.OfType<TensorValue>())) tensor.Dispose();
        }

        TensorValue Input(TensorSpec spec)
        {
            if (options.SampleInputs.TryGetValue(spec.Name, out var sample)) return sample;
            var tensor = SyntheticInput.Make(spec, Sizes, new Random(made.Count));
            made.Add(tensor);
            return tensor;
        }
    }
}
