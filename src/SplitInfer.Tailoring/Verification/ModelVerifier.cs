using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Verification;

/// <summary>
/// Checks that a model gives the same results wherever it is cut: runs partitions, head and tail, and compares their outputs with those of the whole
/// model on the same inputs, which may be synthetic. Safe for concurrent use; dispose it after the last run has ended.
/// </summary>
public sealed class ModelVerifier : IAsyncDisposable
{
    private readonly PartitionedModel _model;
    private readonly TensorValue[] _inputs;
    private readonly VerificationOptions _options;
    private readonly ExecutionOptions _execution;
    private readonly WholeModel? _whole;
    private readonly ConcurrentBag<ICutRunner> _idle = [];

    private ModelVerifier(PartitionedModel model, TensorValue[] inputs, VerificationOptions options, WholeModel? whole, string? incomparable)
    {
        (_model, _inputs, _options, _whole, Incomparable) = (model, inputs, options, whole, incomparable);
        // Each segment runs only once, so warming it up would not help.
        _execution = options.Execution.WithoutWarmUp();
    }

    /// <summary>
    /// Why the model cannot be verified: a node draws random numbers, or two runs on the same inputs differ, so a wrong result cannot be
    /// recognised. Null if it can be verified.
    /// </summary>
    public string? Incomparable { get; }

    /// <summary>Runs the whole model, twice if its results may vary, and keeps the results.</summary>
    /// <param name="model">The model; its file must still exist.</param>
    /// <param name="inputs">A tensor for each input of the plan; the caller keeps ownership and must not change them until the verifier is disposed.</param>
    /// <param name="options">How the model is verified; null for the defaults.</param>
    /// <param name="cancellationToken">Stops the run at the next node.</param>
    /// <exception cref="ArgumentException">An option is invalid, or the number of inputs is wrong.</exception>
    /// <exception cref="TensorMismatchException">An input does not fit.</exception>
    /// <exception cref="EngineException">The whole model does not run on these inputs.</exception>
    public static async Task<ModelVerifier> StartAsync(
        PartitionedModel model, IReadOnlyList<TensorValue> inputs, VerificationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        options ??= new();
        options.Validate();
        var specs = model.Plan.Inputs;
        if (inputs.Count != specs.Length) throw new ArgumentException($"{model.Source} takes {specs.Length} inputs ({string.Join(", ", specs)}), not {inputs.Count}.", nameof(inputs));
        foreach (var (spec, tensor) in specs.Zip(inputs))
            if (!spec.Accepts(tensor.ElementType, tensor.Shape)) throw new TensorMismatchException($"{model.Source}: input '{spec.Name}' must be {spec}, but the tensor given is {tensor}.");
        TensorValue[] given = [.. inputs];
        if (RandomNode.Find(model, given) is { } random) return new(model, given, options, null, random);
        var whole = await Task.Run(() => WholeModel.Run(model, given, options.Execution, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new(model, given, options, whole, whole.Repeats ? null : "two runs of the whole model on the same inputs differ");
    }

    /// <summary>Runs partitions, several at the same time, and compares each with the whole model.</summary>
    /// <param name="partitions">The partitions, in the order in which they are reported; null for all that can be made.</param>
    /// <param name="begun">Called for each partition before it is loaded, on any thread; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>A verdict for each, as soon as it and those before it are known. After a partition has failed, the others still run.</returns>
    /// <exception cref="InvalidOperationException">The model is <see cref="Incomparable"/>.</exception>
    /// <exception cref="ArgumentException">A partition cannot be made.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public async IAsyncEnumerable<PartitionVerdict> RunAsync(
        IReadOnlyList<Partition>? partitions = null, IProgress<Partition>? begun = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Incomparable is not null) throw new InvalidOperationException($"{_model.Source} cannot be compared: {Incomparable}.");
        var chosen = partitions ?? [.. _model.Plan.Partitions.Where(static p => p.IsAdmissible)];
        if (chosen.FirstOrDefault(static p => !p.IsAdmissible) is { } refused)
            throw new ArgumentException($"Partition {refused.Index} cannot be made: {refused.InadmissibleReason}.", nameof(partitions));
        var verdicts = Channel.CreateUnbounded<(int Place, PartitionVerdict Verdict)>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = WorkAsync(chosen, begun, verdicts.Writer, stop.Token);
        try
        {
            var early = new Dictionary<int, PartitionVerdict>();
            var next = 0;
            await foreach (var (place, verdict) in verdicts.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                early[place] = verdict;
                while (early.Remove(next, out var due))
                {
                    next++;
                    yield return due;
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Errors have come through the channel; only cancellation can be left.
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Releases the results of the whole model, and the runners.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_idle.TryTake(out var runner)) await runner.DisposeAsync().ConfigureAwait(false);
        _whole?.Dispose();
    }

    private async Task WorkAsync(IReadOnlyList<Partition> chosen, IProgress<Partition>? begun, ChannelWriter<(int Place, PartitionVerdict Verdict)> verdicts, CancellationToken stop)
    {
        try
        {
            await Parallel.ForAsync(0, chosen.Count, new ParallelOptions { MaxDegreeOfParallelism = _options.MaxConcurrency, CancellationToken = stop }, async (place, cancellation) =>
            {
                begun?.Report(chosen[place]);
                verdicts.TryWrite((place, await VerifyAsync(chosen[place], cancellation).ConfigureAwait(false)));
            }).ConfigureAwait(false);
            verdicts.TryComplete();
        }
        catch (Exception error)
        {
            verdicts.TryComplete(error);
            throw;
        }
    }

    private async ValueTask<PartitionVerdict> VerifyAsync(Partition partition, CancellationToken cancellationToken)
    {
        var allowed = new Tolerance(_options.Tolerance).Of(_model.Plan, partition);
        if (!_idle.TryTake(out var runner)) runner = _options.OpenRunner is { } open ? await open(cancellationToken).ConfigureAwait(false) : new InProcessCutRunner(_model, _execution);
        try
        {
            using var outputs = await runner.RunAsync(partition, _inputs, cancellationToken).ConfigureAwait(false);
            var (fromWhole, fromKnown) = Compare(outputs);
            return new(partition, fromWhole.Or(fromKnown), allowed, fromWhole.IsWithin(allowed), null);
        }
        catch (SplitInferException error)
        {
            return new(partition, TensorDifference.Infinite, allowed, IsAsWhole: false, error.Message);
        }
        finally
        {
            _idle.Add(runner);
        }
    }

    private (TensorDifference FromWhole, TensorDifference FromKnown) Compare(CutOutputs outputs)
    {
        var (fromWhole, fromKnown) = (TensorDifference.None, TensorDifference.None);
        foreach (var (output, tensor) in _model.Plan.Outputs.Zip(outputs.Tensors))
        {
            // Tensors from which the device computes other outputs are not outputs of the file.
            if (_whole!.Outputs.TryGetValue(output.Name, out var whole)) fromWhole = fromWhole.Or(ValueDifference.Between(whole.Tensor, tensor));
            // Bit-exactness refers to the whole model.
            if (_options.KnownOutputs.TryGetValue(output.Name, out var known)) fromKnown = fromKnown.Or(ValueDifference.Between(known, tensor) with { IsBitExact = true });
        }

        foreach (var (name, value) in outputs.DeviceOutputs) fromWhole = fromWhole.Or(ValueDifference.Between(_whole!.Outputs[name], value));
        return (fromWhole, fromKnown);
    }
}
