using System.Runtime.CompilerServices;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>
/// Runs an ONNX model of which a server may run the tail. Make one for each model and keep it; it is safe for concurrent requests.
/// </summary>
public sealed class SplitInferenceClient : IAsyncDisposable
{
    private readonly ClientModel _model;
    private readonly IPartitionPolicy _policy;
    private readonly ITailTransport? _transport;
    private readonly SplitInferenceOptions _options;
    private readonly TimeProvider _time;

    internal SplitInferenceClient(SplitInferenceOptions options, ClientModel model, IPartitionPolicy policy, ITailTransport? transport) =>
        (_options, _model, _policy, _transport, _time) = (options, model, policy, transport, options.TimeProvider);

    /// <summary>All partitions of the model.</summary>
    public PartitionPlan Plan => _model.Plan;

    /// <summary>The name of the policy that chooses among them.</summary>
    public string Policy => _policy.Name;

    /// <summary>Loads the model and makes its plan. The server is only called when a request needs it.</summary>
    /// <exception cref="ArgumentException">An option makes no sense; the message says which and why.</exception>
    /// <exception cref="FileNotFoundException">There is no model file.</exception>
    /// <exception cref="SplitInferException">The model cannot be read or planned, or ONNX Runtime is missing.</exception>
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
    /// <exception cref="ServerUnreachableException">The server cannot be reached.</exception>
    /// <exception cref="Protocol.TailRefusedException">The server refused the request, and says why.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<InferenceResult> InferAsync(ReadOnlyMemory<Tensor> inputs, InferenceRequest? request = null, CancellationToken cancellationToken = default)
    {
        var clock = new StageClock(_time);
        _model.Check(inputs.Span);
        var decision = Decide(request);
        var arm = decision.Arm;
        using var pass = _model.Begin(arm, inputs);

        await pass.RunHeadAsync(cancellationToken).ConfigureAwait(false);
        var head = clock.Lap();
        var (encode, offload) = (TimeSpan.Zero, TimeSpan.Zero);
        if (arm.Partition != Plan.AllOnDevice)
        {
            pass.Encode();
            encode = clock.Lap();
            await pass.OffloadAsync(Transport(), request?.Deadline ?? _options.Deadline, cancellationToken).ConfigureAwait(false);
            offload = clock.Lap();
        }

        var timings = new InferenceTimings { Head = head, Encode = encode, Offload = offload, Server = pass.ServerTimings, Total = clock.Total() };
        if (request?.Partition is null) _policy.Observe(decision, Observation(timings, pass.BytesSent));
        return new InferenceResult(_model, pass.TakeOutputs())
        {
            Decision = decision,
            Source = pass.Source,
            Timings = timings,
            BytesSent = pass.BytesSent,
        };
    }

    /// <summary>Closes the connection and unloads the model.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_transport is not null) await _transport.DisposeAsync().ConfigureAwait(false);
        _model.Dispose();
    }

    private Decision Decide(InferenceRequest? request) => request?.Partition is { } partition
        ? new Decision { Arm = _model.ArmFor(partition), PredictedSeconds = double.NaN }
        : _policy.Decide(new DecisionContext { IsKeyFrame = request?.IsKeyFrame ?? false });

    private ITailTransport Transport() => _transport
        ?? throw new ServerUnreachableException($"The partition needs a server and none was named. Set {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.Server)}, or take partition {Plan.AllOnDevice.Index}, which runs everything on the device.");

    private static Observation Observation(in InferenceTimings timings, long bytesSent) => new()
    {
        HeadSeconds = timings.Head.TotalSeconds,
        EncodeSeconds = timings.Encode.TotalSeconds,
        OffloadSeconds = timings.Offload.TotalSeconds,
        ServerSeconds = timings.Server.TotalSeconds,
        BytesSent = bytesSent,
    };
}
