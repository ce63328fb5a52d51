using System.Runtime.CompilerServices;
using SplitInfer.Client.Offloading;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.Fixed;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>
/// Runs an ONNX model of which a server may run the tail. Make one for each model and keep it; it is safe for concurrent requests.
/// </summary>
public sealed class SplitInferenceClient : IAsyncDisposable
{
    private readonly ClientModel _model;
    private readonly IPartitionPolicy _policy;
    private readonly bool _learns;
    private readonly TailStage? _tails;
    private readonly ClientMemory _memory;
    private readonly SplitInferenceOptions _options;

    internal SplitInferenceClient(SplitInferenceOptions options, ClientModel model, IPartitionPolicy policy, TailStage? tails, ClientMemory memory)
    {
        (_options, _model, _policy, _tails, _memory) = (options, model, policy, tails, memory);
        _learns = policy is not FixedPolicy;
    }

    /// <summary>All partitions of the model.</summary>
    public PartitionPlan Plan => _model.Plan;

    /// <summary>The name of the policy that chooses among them.</summary>
    public string Policy => _policy.Name;

    /// <summary>Why the server cannot be used at the moment, as last seen, so that a policy that learns leaves all work to the device; null where it answers or was not asked.</summary>
    public Exception? ServerFailure => _tails?.Watch.Failure;

    /// <summary>What went wrong at the start that the client can do without, such as saved state that cannot be read; for people. Empty where nothing did.</summary>
    public IReadOnlyList<string> Warnings => _memory.Warnings;

    /// <summary>The partitions that have turned out to be of no use while the client ran, and why; a policy does not choose them any more. Empty where none has.</summary>
    public IReadOnlyDictionary<int, string> MaskedPartitions => _model.Mask.Reasons;

    /// <summary>What is left of races.</summary>
    internal LateReplies? Late => _tails?.Late;

    /// <summary>
    /// Loads the model, makes its plan and, where the policy learns, measures the device for a while. The server is called beside
    /// that, or when a request needs it, so that it need not be there yet.
    /// </summary>
    /// <exception cref="ArgumentException">An option makes no sense; the message says which and why.</exception>
    /// <exception cref="FileNotFoundException">There is no model file.</exception>
    /// <exception cref="SplitInferException">The model cannot be read or planned.</exception>
    /// <exception cref="DllNotFoundException">No package of the application carries ONNX Runtime's library for this platform.</exception>
    public static ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, CancellationToken cancellationToken = default) =>
        ClientComposition.CreateAsync(options, cancellationToken);

    /// <summary>Infers once, for a model with one input.</summary>
    /// <inheritdoc cref="InferAsync(ReadOnlyMemory{Tensor}, InferenceRequest, CancellationToken)"/>
    public ValueTask<InferenceResult> InferAsync(Tensor input, InferenceRequest? request = null, CancellationToken cancellationToken = default) =>
        InferAsync(new[] { input }, request, cancellationToken);

    /// <summary>Infers once, with inputs by name.</summary>
    /// <inheritdoc cref="InferAsync(ReadOnlyMemory{Tensor}, InferenceRequest, CancellationToken)"/>
    public ValueTask<InferenceResult> InferAsync(IReadOnlyDictionary<string, Tensor> inputs, InferenceRequest? request = null, CancellationToken cancellationToken = default) =>
        InferAsync(_model.Arrange(inputs), request, cancellationToken);

    /// <summary>Infers once.</summary>
    /// <param name="inputs">One tensor for each of <see cref="PartitionPlan.Inputs"/>, in that order. They stay the caller's and must not change until the call ends.</param>
    /// <param name="request">What is asked for beside the inputs.</param>
    /// <param name="cancellationToken">Ends the call at the next node of the graph, or withdraws the request from the server.</param>
    /// <returns>The outputs and what they cost; the caller disposes it.</returns>
    /// <exception cref="TensorMismatchException">An input is not one that the model takes.</exception>
    /// <exception cref="InvalidPartitionException">The request names a partition that cannot be taken.</exception>
    /// <exception cref="ServerUnreachableException">The server cannot be reached, and the partition was named or fixed. Where a policy that learns chose it, the device finishes the job.</exception>
    /// <exception cref="Protocol.TailRefusedException">The server refused the request, likewise, or the deadline has passed.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<InferenceResult> InferAsync(ReadOnlyMemory<Tensor> inputs, InferenceRequest? request = null, CancellationToken cancellationToken = default)
    {
        var clock = new StageClock(_options.TimeProvider);
        _model.Check(inputs.Span);
        var decision = Decide(request);
        var isNamed = request?.Partition is not null;
        try
        {
            return await InferAsync(inputs, decision, request, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (SegmentLoadException error) when (_learns && !isNamed && decision.Arm.Partition != Plan.AllOnDevice)
        {
            _model.Mask.Add(decision.Arm.Partition.Index, error.Message);
            return await InferAsync(inputs, decision with { Arm = _model.OnDevice, IsForced = false, IsRaced = false, LateAfterSeconds = 0 }, request, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<InferenceResult> InferAsync(ReadOnlyMemory<Tensor> inputs, Decision decision, InferenceRequest? request, StageClock clock, CancellationToken cancellationToken)
    {
        var partition = decision.Arm.Partition;
        var isNamed = request?.Partition is not null;
        using var pass = _model.Begin(partition, decision.Arm.Codec, inputs, clock);

        await pass.RunHeadAsync(cancellationToken).ConfigureAwait(false);
        if (partition != Plan.AllOnDevice)
        {
            pass.Gather(outlivesCall: TailStage.MayRace(decision));
            var deadline = request?.Deadline ?? _options.Deadline;
            if (FindLoss(pass, isNamed, request) is { } loss) await FinishWithoutBoundaryAsync(pass, loss, isNamed, cancellationToken).ConfigureAwait(false);
            else if (_learns && !isNamed) await Tails().RunAsync(pass, decision, deadline, cancellationToken).ConfigureAwait(false);
            else await Tails().OffloadAsync(pass, deadline, cancellationToken).ConfigureAwait(false);
        }

        if (!isNamed) Learn(decision, pass.Observation);
        var outputs = pass.TakeOutputs();
        IReadOnlyDictionary<string, ModelValue> deviceOutputs;
        try
        {
            deviceOutputs = await _model.FinishAsync(inputs, outputs, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            foreach (var output in outputs) output.Dispose();
            throw;
        }

        return new InferenceResult(_model, outputs)
        {
            DeviceOutputs = deviceOutputs,
            Decision = decision,
            Source = pass.Source,
            IsRaced = pass.IsRaced,
            ServerFailure = pass.ServerFailure,
            Timings = pass.Timings,
            BytesSent = pass.Progress.BytesSent,
        };
    }

    /// <summary>Saves what was learned, closes the connection and unloads the model.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_tails is not null) await _tails.DisposeAsync().ConfigureAwait(false);
        _memory.Save();
        _model.Dispose();
    }

    private Decision Decide(InferenceRequest? request)
    {
        if (request?.Partition is { } partition) return new() { Arm = _model.ArmFor(partition), PredictedSeconds = double.NaN };
        if (!_learns) return _policy.Decide(default);
        var decision = _policy.Decide(new() { IsKeyFrame = request?.IsKeyFrame ?? false, IsServerUnavailable = _tails?.Watch.IsUnavailable ?? true });
        // A policy of the application's own may not know of the mask.
        if (_model.Mask.Contains(decision.Arm.Partition.Index)) return decision with { Arm = _model.OnDevice, IsRaced = false, LateAfterSeconds = 0 };
        return _options.Codec is null && _tails is not null ? decision with { Arm = _tails.Agreed(decision.Arm) } : decision;
    }

    private void Learn(in Decision decision, in Observation observation)
    {
        _policy.Observe(decision, observation);
        if (!_learns) return;
        if (observation.HeadSeconds > 0) _memory.Heads.Observe(decision.Arm.Partition.Index, observation.HeadSeconds);
        _tails?.Watch.Visit();
    }

    private NonFiniteBoundaryException? FindLoss(InferencePass pass, bool isNamed, InferenceRequest? request) =>
        request?.SendsWhatIsNotFinite == true || (_learns && !isNamed && _model.HarmlessPartitions.ContainsKey(pass.Partition.Index)) ? null : pass.FindLoss();

    /// <summary>The device runs the whole model. Where a policy chose the partition, the first such request also tells whether the policy may go on to choose it.</summary>
    private async ValueTask FinishWithoutBoundaryAsync(InferencePass pass, NonFiniteBoundaryException loss, bool isNamed, CancellationToken cancellationToken)
    {
        await pass.FinishWithoutBoundaryAsync(loss, cancellationToken).ConfigureAwait(false);
        if (!_learns || isNamed) return;
        if (await pass.IsLossHarmlessAsync(cancellationToken).ConfigureAwait(false)) _model.HarmlessPartitions.TryAdd(loss.Partition, true);
        else _model.Mask.Add(loss.Partition, loss.Message);
    }

    private TailStage Tails() => _tails
        ?? throw new ServerUnreachableException($"The partition needs a server and none was named. Set {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.Server)}, or take partition {Plan.AllOnDevice.Index}, which runs everything on the device.");
}
