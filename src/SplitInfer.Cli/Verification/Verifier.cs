using System.Collections.Concurrent;
using SplitInfer.Cli.Inputs;
using SplitInfer.Client;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Verification;

/// <summary>Runs partitions of a model, head here and tail behind the wire, and compares their outputs with those of the whole. Safe for concurrent use.</summary>
internal sealed class Verifier : IAsyncDisposable
{
    private readonly ModelWithInputs _model;
    private readonly IReadOnlyDictionary<string, Tensor> _known;
    private readonly ExecutionOptions _execution;
    private readonly ConcurrentBag<Lane> _idle = [];

    private Verifier(ModelWithInputs model, IReadOnlyDictionary<string, Tensor> known, WholeModel whole, ExecutionOptions execution) =>
        (_model, _known, Whole, _execution) = (model, known, whole, execution);

    /// <summary>What the whole model gave.</summary>
    public WholeModel Whole { get; }

    /// <summary>Runs the whole model.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="known">Outputs that are known beforehand, by name; they stay the caller's.</param>
    /// <param name="execution">How ONNX Runtime runs.</param>
    /// <param name="cancellationToken">Ends the run of the whole model.</param>
    /// <exception cref="SplitInferException">The whole model does not run.</exception>
    public static Verifier Start(ModelWithInputs model, IReadOnlyDictionary<string, Tensor> known, ExecutionOptions execution, CancellationToken cancellationToken = default) =>
        // A segment runs once, on inputs that suit it, so that it need not be warm.
        new(model, known, WholeModel.Run(model, execution, cancellationToken), execution.WithoutWarmUp());

    /// <summary>Runs one admissible partition.</summary>
    public async ValueTask<Verdict> VerifyAsync(Partition partition, Tolerance tolerance, CancellationToken cancellationToken)
    {
        var allowed = tolerance.Of(_model.Model.Plan, partition);
        if (!_idle.TryTake(out var lane)) lane = await Lane.OpenAsync(_model.Model, _execution, cancellationToken);
        try
        {
            using var result = await lane.Client.InferAsync(_model.Inputs, new InferenceRequest { Partition = partition.Index, SendsWhatIsNotFinite = true }, cancellationToken);
            var (fromWhole, fromKnown) = (TensorDifference.None, TensorDifference.None);
            foreach (var (output, tensor) in _model.Model.Plan.Outputs.Zip(result.Outputs))
            {
                // What the device makes other values of is no output of the file.
                if (Whole.Outputs.TryGetValue(output.Name, out var whole)) fromWhole = fromWhole.Or(ValueDifference.Between(whole.Tensor, tensor));
                // Whether a result is bit-exact is told against the whole model.
                if (_known.TryGetValue(output.Name, out var known)) fromKnown = fromKnown.Or(ValueDifference.Between(known, tensor) with { IsBitExact = true });
            }

            foreach (var (name, value) in result.DeviceOutputs) fromWhole = fromWhole.Or(ValueDifference.Between(Whole.Outputs[name], value));

            return new(partition, fromWhole.Or(fromKnown), allowed, fromWhole.IsWithin(allowed), null);
        }
        catch (SplitInferException error)
        {
            return new(partition, TensorDifference.Infinite, allowed, IsAsWhole: false, error.Message);
        }
        finally
        {
            _idle.Add(lane);
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_idle.TryTake(out var lane)) await lane.DisposeAsync();
        Whole.Dispose();
    }}
