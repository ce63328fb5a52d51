using SplitInfer.Client.Arms;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Client.State;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Segments;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// What stands between a policy's decision and the caller's result, on a scripted device and against a scripted server. It and
/// <see cref="ScriptedParts"/> are all that knows the types of the client.
/// </summary>
internal sealed class StageUnderTest : IAsyncDisposable
{
    private readonly SplitInferenceClient _client;
    private readonly SegmentSet _segments;
    private readonly BackgroundWork _background = new();
    private readonly ArmMask _mask = new();
    private readonly ServerSet _servers;
    private readonly ScriptedParts.Policy _policy;
    private readonly ScriptedParts.Transport _transport;
    private int _requests;

    private StageUnderTest(VirtualTime time, ScriptedServer server, ScriptedDevice device, bool canPing, TimeSpan probeInterval)
    {
        (Time, Server, Device) = (time, server, device);
        var planned = ThreeStages.Model;
        var options = new SplitInferenceOptions { TimeProvider = time, Codec = "Raw" };
        _segments = new SegmentResidency(budgetBytes: 1L << 30).Open(new ScriptedParts.Compiler(device, Tensors));
        var (plan, codecs) = (planned.Plan, CodecRegistry.Default);
        var model = new LocalModel(planned, _segments, _background, options.Execution);
        var arms = ArmCatalog.Create(plan, new(options.Codec, Allowed: null, Calibration: null, options.MinAgreement), codecs);
        _policy = new(arms.Named);
        _transport = canPing ? new ScriptedParts.PingedTransport(server, Tensors) : new ScriptedParts.Transport(server, Tensors);
        _servers = new([new("the scripted server", _transport, new(_transport, "the scripted server", seconds => _policy.ObserveRoundTrip(server: 0, seconds), probeInterval, time))]);
        var sink = new OutcomeSink(_servers, _policy, _mask, heads: null);
        var executors = new ExecutorSet(_servers, codecs, model, sink, _background, DeadlineRescue.Race, fallsBack: true, time);
        var state = new LearnedState(folder: null, plan, options.Execution, arms.Descriptions, arms.CodecNames, []);
        _client = new(options, model, arms, _mask, _policy, _servers, executors, sink, state, _background);
    }

    public VirtualTime Time { get; }

    public ScriptedServer Server { get; }

    public ScriptedDevice Device { get; }

    public TrackedTensors Tensors { get; } = new();

    /// <summary>What the policy was told of requests, in the order in which it was told.</summary>
    public IReadOnlyList<Observed> Observed => _policy.Observed;

    /// <summary>The round-trip times that the policy was told, s.</summary>
    public IReadOnlyList<double> RoundTrips => _policy.RoundTrips;

    /// <summary>The partitions that are left out from now on.</summary>
    public IReadOnlyCollection<int> Masked => [.. _mask.Reasons.Keys];

    /// <summary>Whether policies are told to do without the server.</summary>
    public bool IsServerAvoided => _servers.Unavailable != 0;

    /// <summary>Why the server cannot be used; null where it can, or was not asked.</summary>
    public Exception? ServerFailure => _client.ServerFailure;

    /// <summary>What still runs when its caller has the result.</summary>
    public int LeftRunning => _background.Count;

    /// <summary>Whether everything that was made on the way is released. The tensors of a boundary are among it, copies of inputs as well.</summary>
    public bool IsAllReleased => Tensors.Held == 0 && _transport.AreBoundariesReleased;

    /// <summary>Makes one.</summary>
    /// <param name="canPing">Whether the transport can ping, so that a server is unknown until it has answered.</param>
    /// <param name="loaded">The segments that are loaded beforehand; all unless given.</param>
    /// <param name="probeInterval">The least time between two probes of a server that answers; none unless given.</param>
    /// <param name="device">The device, where it is not like any other.</param>
    public static async Task<StageUnderTest> StartAsync(bool canPing = false, Segment[]? loaded = null, TimeSpan? probeInterval = null, Func<VirtualTime, ScriptedDevice>? device = null)
    {
        var time = new VirtualTime();
        var stage = new StageUnderTest(time, new(time), device?.Invoke(time) ?? new(time), canPing, probeInterval ?? Timeout.InfiniteTimeSpan);
        await stage._segments.PreloadAsync((loaded ?? Enum.GetValues<Segment>()).Select(ScriptedParts.Compiler.KeyOf));
        return stage;
    }

    /// <summary>Whether the device can run a segment without loading it first.</summary>
    public bool IsLoaded(Segment segment) => _segments.IsLoaded(ScriptedParts.Compiler.KeyOf(segment));

    /// <summary>What a client does when it starts: it calls the server.</summary>
    public void Connect() => _servers.ProbeIfDue();

    /// <summary>Infers once. When the call has ended the inputs are changed and disposed at once, as a caller may.</summary>
    public async Task<Answer> InferAsync(Choice choice, TimeSpan? deadline = null, CancellationToken stop = default)
    {
        var number = _requests++;
        _policy.Choose(choice, number);
        var input = Tensors.Make(ThreeStages.Input(number));
        try
        {
            using var result = await _client.InferAsync(input, new() { Deadline = deadline, Partition = choice.IsNamed ? (int)choice.Cut : null }, stop).ConfigureAwait(false);
            return new(
                Enum.Parse<Source>(result.Source.ToString()), result.Outputs[0].Span<float>().ToArray(), result.IsRaced,
                result.ServerFailure is null ? Fault.None : FaultOf(result.ServerFailure), result.ServerFailure, result.BytesSent);
        }
        finally
        {
            input.Span<float>().Fill(float.NaN);
            input.Dispose();
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>What an error of the client says.</summary>
    public static Fault FaultOf(Exception error) => error switch
    {
        TailRefusedException { Code: RefusalCode.DeadlineExceeded } => Fault.DeadlineExceeded,
        TailRefusedException { Code: RefusalCode.PartitionUnavailable } => Fault.PartitionUnavailable,
        TailRefusedException { Code: RefusalCode.InvalidPartition } => Fault.InvalidPartition,
        TailRefusedException { Code: RefusalCode.Busy } => Fault.Busy,
        TailRefusedException => Fault.ServerFailed,
        ServerUnreachableException => Fault.ConnectionLost,
        ProtocolException => Fault.ProtocolBroken,
        EngineException or SegmentLoadException => Fault.DeviceFailed,
        ObjectDisposedException => Fault.Closed,
        TimeoutException => Fault.TimedOut,
        OperationCanceledException => Fault.CancelledByTransport,
        _ => Fault.Other,
    };
}
