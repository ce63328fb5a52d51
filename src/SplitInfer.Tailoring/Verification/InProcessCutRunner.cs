using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>Runs head and tail one after the other in this process. The boundary is passed on unchanged.</summary>
internal sealed class InProcessCutRunner(PartitionedModel model, ExecutionOptions execution) : ICutRunner
{
    private IEngineSession? _finish;

    public async ValueTask<CutOutputs> RunAsync(Partition partition, ReadOnlyMemory<TensorValue> inputs, CancellationToken cancellationToken)
    {
        // Loading and running are native work that blocks.
        return await Task.Run(() => Run(partition, [.. inputs.Span], cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _finish?.Dispose();
        return ValueTask.CompletedTask;
    }

    private CutOutputs Run(Partition partition, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        using var cut = LoadedCut.Load(model, partition.Index, execution);
        var outputs = cut.Run(inputs, cancellationToken);
        try
        {
            return new(outputs, MakeDeviceOutputs(inputs, outputs, cancellationToken));
        }
        catch
        {
            foreach (var output in outputs) output.Dispose();
            throw;
        }
    }

    private Dictionary<string, ModelValue>? MakeDeviceOutputs(TensorValue[] inputs, TensorValue[] outputs, CancellationToken cancellationToken)
    {
        if (model.Finish is not { } finish) return null;
        _finish ??= execution.WithFewerOptimizations(less => execution.Engine.Load(finish.ToBytes(), less, finish.Folder), out _, out _);
        var known = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        foreach (var (spec, tensor) in model.Plan.Inputs.Zip(inputs).Concat(model.Plan.Outputs.Zip(outputs))) known[spec.Name] = tensor;
        var values = _finish.RunForValues(finish.Inputs, [.. finish.Inputs.Select(name => known[name])], cancellationToken);
        return finish.Outputs.Zip(values).ToDictionary(static v => v.First, static v => v.Second, StringComparer.Ordinal);
    }
}
