using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Partitioning.Probing;

/// <summary>
/// Runs a model once to see the dimensions that its file leaves open. The run yields shapes, not values, so that it takes no more memory
/// than any other run.
/// </summary>
internal sealed class Measurement
{
    private readonly Dictionary<string, ImmutableArray<long>> _shapes = new(StringComparer.Ordinal);

    private Measurement(NominalSizes sizes, string? failure = null) => (Sizes, Failure) = (sizes, failure);

    /// <summary>The sizes that the model was run with; the first guess where it was not.</summary>
    public NominalSizes Sizes { get; }

    /// <summary>Why no run succeeded; null where one did, or none was needed.</summary>
    public string? Failure { get; }

    /// <summary>The dimensions that a value had; default where it was not measured.</summary>
    public ImmutableArray<long> ShapeOf(string value) => _shapes.GetValueOrDefault(value);

    /// <summary>Measures values.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="inputs">Its inputs, in order.</param>
    /// <param name="open">The values to measure: tensors with dimensions that are not fixed. Where there are none, nothing is run.</param>
    /// <param name="options">Sizes and inputs that the application gives.</param>
    /// <param name="execution">How the model is run.</param>
    public static Measurement Of(ModelGraph graph, ImmutableArray<TensorSpec> inputs, IReadOnlyList<string> open, PlanOptions options, ExecutionOptions execution)
    {
        var first = new NominalSizes(inputs, options, attempt: 0);
        if (open.Count == 0) return new(first);
        using var timeout = new CancellationTokenSource(options.MaxMeasureTime, TimeProvider.System);
        try
        {
            using var session = ProbeSession.Create(WithShapes(graph, open), graph.Model.Folder, execution);
            return FirstThatRuns(session, inputs, open, options, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            return new(first, $"the model ran for more than {options.MaxMeasureTime.TotalSeconds} s; raise {nameof(PlanOptions)}.{nameof(PlanOptions.MaxMeasureTime)}");
        }
        catch (SplitInferException error)
        {
            return new(first, $"the model does not run on made-up inputs; give sensible ones in {nameof(PlanOptions)}.{nameof(PlanOptions.SampleInputs)}, or sizes in {nameof(PlanOptions.DimensionSizes)}. {error.Message}");
        }
    }

    private static Measurement FirstThatRuns(
        ProbeSession session, ImmutableArray<TensorSpec> inputs, IReadOnlyList<string> open, PlanOptions options, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var measurement = new Measurement(new(inputs, options, attempt));
            try
            {
                measurement.Run(session, inputs, open, options, cancellationToken);
                return measurement;
            }
            catch (SplitInferException) when (attempt < NominalSizes.Attempts - 1)
            {
                // The next guess may be one that the model runs on.
            }
        }
    }

    private void Run(ProbeSession session, ImmutableArray<TensorSpec> inputs, IReadOnlyList<string> open, PlanOptions options, CancellationToken cancellationToken)
    {
        var made = new List<Tensor>();
        var shapes = new Tensor[open.Count];
        try
        {
            session.Run(inputs.Select(Input), shapes, cancellationToken);
            for (var i = 0; i < shapes.Length; i++) _shapes.Add(open[i], [.. shapes[i].Span<long>()]);
        }
        finally
        {
            foreach (var tensor in made.Concat(shapes.OfType<Tensor>())) tensor.Dispose();
        }

        Tensor Input(TensorSpec spec)
        {
            if (options.SampleInputs.TryGetValue(spec.Name, out var sample)) return sample;
            var tensor = MadeUpInput.Make(spec, Sizes, new Random(made.Count));
            made.Add(tensor);
            return tensor;
        }
    }

    private static ModelProto WithShapes(ModelGraph graph, IReadOnlyList<string> open)
    {
        var model = SegmentWriter.Write(graph, graph.Nodes, graph.Inputs, []);
        if (!model.OpsetImport.Any(static o => o.Domain is "" or "ai.onnx")) model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 13 });
        for (var i = 0; i < open.Count; i++)
        {
            var shape = $"splitinfer/shape/{i}";
            model.Graph.Node.Add(new NodeProto { OpType = "Shape", Input = { open[i] }, Output = { shape } });
            model.Graph.Output.Add(new ValueInfoProto { Name = shape });
        }

        return model;
    }
}
