using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>Runs a model on samples with all of its float32 values as outputs.</summary>
public static class StatisticsCollector
{
    /// <summary>Collects statistics of every float32 value that nodes read or write and that is no constant.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">The inputs as the plan of the model states them.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="execution">How the model is run; null for the defaults.</param>
    /// <param name="progress">Receives the number of samples that were run; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="SplitInferException">A sample does not fit, or the model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static SampleStatistics Collect(
        OnnxModel model, IReadOnlyList<TensorSpec> inputs, ISampleSource samples, ExecutionOptions? execution = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(samples);
        execution ??= new();
        var statistics = new SampleStatistics(model.Fingerprint);
        using var session = Open(model, execution);
        var names = session.Outputs.Select(static o => o.Name).ToArray();
        var floats = Enumerable.Range(0, names.Length).Where(place => session.Outputs[place].ElementType == ElementType.Float32).ToArray();
        var fed = inputs.Select(static i => i.Name).ToArray();
        var inputPlaces = EngineSessions.PlacesOf(fed, session.Inputs, "input");
        for (var sample = 0; sample < samples.Count; sample++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var tensors = samples.Read(sample, inputs);
            var outputs = new TensorValue[floats.Length];
            try
            {
                // Such as a model of float16 alone.
                if (floats.Length > 0) session.Run(inputPlaces, tensors, floats, outputs, cancellationToken);
                statistics.AddSample([.. fed.Zip(tensors).Where(static f => f.Second.ElementType == ElementType.Float32), .. floats.Select(place => names[place]).Zip(outputs)]);
            }
            finally
            {
                foreach (var tensor in tensors.Concat(outputs)) tensor?.Dispose();
            }

            progress?.Report(sample + 1);
        }

        return statistics;
    }

    private static IEngineSession Open(OnnxModel model, ExecutionOptions execution)
    {
        var edit = new GraphEdit(model);
        var known = edit.Graph.Output.Select(static o => o.Name).Concat(edit.Graph.Initializer.Select(static i => i.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var output in edit.Graph.Node.Where(static n => !Ops.Is(n, "Constant")).SelectMany(static n => n.Output).Where(static o => o.Length > 0))
            if (known.Add(output)) edit.Graph.Output.Add(new ValueInfoProto { Name = output });
        // Values are those of the graph as it is written.
        return execution.Engine.Load(edit.ToBytes(), execution.With(GraphOptimization.None));
    }
}
