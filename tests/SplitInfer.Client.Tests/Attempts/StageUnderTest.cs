using SplitInfer.Client.Arms;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Telemetry;
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
    /// <summary>Of the model, and of the variant that stands in for it.</summary>
    private static readonly double[] Accuracies = [1, 0.5];

    private static int _made;

    private readonly SplitInferenceClient _client;
    private readonly SegmentSet _segments;
    private readonly SegmentSet? _standInSegments;
    private readonly VariantSet _variants;
    private readonly BackgroundWork _background = new();
    private readonly ArmMask _mask = new();
    private readonly ServerSet _servers;
    private readonly ScriptedParts.Policy _policy;
    private readonly ScriptedParts.Transport[] _transports;
    private int _requests;

    private StageUnderTest(VirtualTime time, ScriptedServer[] servers, ScriptedDevice device, bool canPing, TimeSpan probeInterval, OnServerFailure onServerFailure, PolicyNeeds needs, bool learns, bool hasStandIn, bool isStandInLoaded, Segment? standInRefuses, DeviceExits? exits, double maxExtraWork)
    {
        (Time, Servers, Device) = (time, servers, device);
        var planned = ThreeStages.Model;
        var options = new SplitInferenceOptions { TimeProvider = time, Codec = "Raw", OnServerFailure = onServerFailure, Objective = hasStandIn ? Objective.MostAccurateBy : null };
        var news = new ServerStatusNews(options.Logger);
        var residency = new SegmentResidency(budgetBytes: 1L << 30);
        _segments = residency.Open(new ScriptedParts.Compiler(device, Tensors));
        StandIn = new(time) { IsStandIn = true, LoadsSlowly = isStandInLoaded || standInRefuses is not null ? null : Segment.Whole, Refuses = standInRefuses, [Segment.Whole] = new(TimeSpan.FromMilliseconds(20)) };
        _standInSegments = hasStandIn ? residency.Open(new ScriptedParts.Compiler(StandIn, Tensors)) : null;
        var (plan, codecs) = (planned.Plan, CodecRegistry.Default);
        _variants = new([.. ((SegmentSet?[])[_segments, _standInSegments]).OfType<SegmentSet>().Select((segments, place) => new ModelVariant("", new(new PlannedCopy(planned), segments, _background, options.Execution) { Exits = place == 0 ? exits : null }, Accuracies[place]))]);
        var arms = ArmCatalog.Create([.. _variants.All.Select((variant, place) => new PlannedArmVariant(plan, variant.Accuracy, 1 - (0.4 * place)) { IsOfFamily = _variants.AreSeveral, Exits = place == 0 && exits is not null ? [.. ArmExit.Of(exits.Exits)] : [] })], new(options.Codec, Allowed: null, Calibration: null, options.MinAgreement), codecs, servers.Length);
        _policy = new(ArmOf, () => arms.OnDeviceOf(1), needs);
        _transports = [.. servers.Select(server => canPing ? new ScriptedParts.PingedTransport(server, Tensors) : new ScriptedParts.Transport(server, Tensors))];
        _servers = new([.. _transports.Select((transport, index) => Handle($"scripted server {index}", transport, index))]);
        var recorder = new RequestRecorder(Label, [.. _servers.All.Select(static server => server.Name)], time);
        var sink = new OutcomeSink(_servers, _policy, _mask, heads: null, recorder);
        var fallsBack = onServerFailure == OnServerFailure.FinishOnDevice;
        var executors = new ExecutorSet(_servers, codecs, _variants, sink, _background, fallsBack ? DeadlineRescue.Race : DeadlineRescue.None, fallsBack, learns, silencePatience: TimeSpan.FromSeconds(1), maxExtraWork, arms, time);
        Extra = executors.Extra;
        var state = new LearnedState(folder: null, arms, options.Execution, []);
        _client = new(options, _variants, arms, _mask, _policy, _servers, executors, sink, state, _background, news, recorder, gauges: null);

        ArmFor = ArmOf;

        Arm ArmOf(Choice choice, int server) => choice.Exit == 0 ? arms.Named((int)choice.Cut, server)
            : choice.IsOnDevice ? arms.Descriptions.First(known => known.Arm is { IsOnDevice: true, Variant: 0 } && known.Arm.Exit == choice.Exit).Arm
            : arms.RequireFixed((int)choice.Cut) with { Server = server };

        ServerHandle Handle(string name, ITailTransport transport, int index) =>
            new(name, transport, new(transport, name, seconds => _policy.ObserveRoundTrip(index, seconds), profile => _policy.ObserveServerProfile(index, profile), news.Report, probeInterval, time));
    }

    /// <summary>The client around it.</summary>
    public SplitInferenceClient Client => _client;

    /// <summary>The arm of a choice, on a server.</summary>
    public Func<Choice, int, Arm> ArmFor { get; }

    /// <summary>What listeners are told that the model is called; no other test's.</summary>
    public string Label { get; } = $"three stages {Interlocked.Increment(ref _made)}";

    public VirtualTime Time { get; }

    /// <summary>Bounds what the device computes in vain.</summary>
    public ExtraWork Extra { get; }

    /// <summary>The exits that the policy was told to have answered, 0 for none, and how sure they were.</summary>
    public IReadOnlyList<(int Exit, double Confidence)> Exits => _policy.Exits;

    /// <summary>Whether the policy was told that the exit of the arm was not let answer.</summary>
    public IReadOnlyList<bool> Barred => _policy.Barred;

    /// <summary>What the policy was told of the exits of what stands in: whether they answered, null where they were not asked.</summary>
    public IReadOnlyList<bool?> LocalExits => _policy.LocalExits;

    /// <summary>The only server, or the first.</summary>
    public ScriptedServer Server => Servers[0];

    public IReadOnlyList<ScriptedServer> Servers { get; }

    public ScriptedDevice Device { get; }

    /// <summary>What runs the other variant on the device, which takes 20 ms for it unless set.</summary>
    public ScriptedDevice StandIn { get; }

    /// <summary>The variants that the policy was told to have run on the device, in the order in which it was told.</summary>
    public IReadOnlyList<int> Locals => _policy.Locals;

    public TrackedTensors Tensors { get; } = new();

    /// <summary>How many requests were made.</summary>
    public int Requests => _requests;

    /// <summary>What the policy was told of requests, in the order in which it was told.</summary>
    public IReadOnlyList<Observed> Observed => _policy.Observed;

    /// <summary>The round-trip times that the policy was told, s.</summary>
    public IReadOnlyList<double> RoundTrips => [.. _policy.RoundTrips.Select(static roundTrip => roundTrip.Seconds)];

    /// <summary>The servers whose round-trip times the policy was told.</summary>
    public IReadOnlyList<int> PingedServers => [.. _policy.RoundTrips.Select(static roundTrip => roundTrip.Server)];

    /// <summary>The profiles that the policy was told.</summary>
    public IReadOnlyList<(int Server, double[] TailSeconds)> Profiles => _policy.Profiles;

    /// <summary>The servers of the requests in <see cref="Observed"/>.</summary>
    public IReadOnlyList<int> Teachers => _policy.Teachers;

    /// <summary>The servers that the policy was told to do without when it last decided, a bit each.</summary>
    public ulong Unavailable => _policy.Unavailable;

    /// <summary>The cuts that are left out for one server only.</summary>
    public bool IsMasked(Cut cut, int server) => _mask.Contains(new(0, 0, (int)cut, 0, 0, server));

    /// <summary>The partitions that are left out from now on.</summary>
    public IReadOnlyCollection<int> Masked => [.. _mask.Reasons.Keys];

    /// <summary>Whether policies are told to do without the server.</summary>
    public bool IsServerAvoided => _servers.Unavailable != 0;

    /// <summary>Why the server cannot be used; null where it can, or was not asked.</summary>
    public Exception? ServerFailure => _client.ServerFailure;

    /// <summary>What still runs when its caller has the result.</summary>
    public int LeftRunning => _background.Count;

    /// <summary>Whether everything that was made on the way is released. The tensors of a boundary are among it, copies of inputs as well.</summary>
    public bool IsAllReleased => Tensors.Held == 0 && _transports.All(static transport => transport.AreBoundariesReleased);

    /// <summary>Makes one.</summary>
    /// <param name="canPing">Whether the transport can ping, so that a server is unknown until it has answered.</param>
    /// <param name="loaded">The segments that are loaded beforehand; all unless given.</param>
    /// <param name="probeInterval">The least time between two probes of a server that answers; none unless given.</param>
    /// <param name="device">The device, where it is not like any other.</param>
    /// <param name="onServerFailure">Whether the device finishes what the server fails.</param>
    /// <param name="servers">The number of servers.</param>
    /// <param name="needs">What the policy makes use of.</param>
    /// <param name="learns">Whether the policy chooses the servers, so that no other takes the place of one that fails.</param>
    /// <param name="hasStandIn">Whether there is another variant, less accurate and faster, and requests ask for the most accurate answer by their deadline.</param>
    /// <param name="isStandInLoaded">Whether that one is loaded beforehand; else it loads slowly.</param>
    /// <param name="standInRefuses">The segment of that one which the engine refuses to load.</param>
    /// <param name="exits">What exits there are, on the first cut and on the second.</param>
    /// <param name="maxExtraWork">What the device may compute in vain.</param>
    public static async Task<StageUnderTest> StartAsync(bool canPing = false, Segment[]? loaded = null, TimeSpan? probeInterval = null, Func<VirtualTime, ScriptedDevice>? device = null, OnServerFailure onServerFailure = OnServerFailure.FinishOnDevice, int servers = 1, PolicyNeeds needs = PolicyNeeds.Outcomes | PolicyNeeds.HeadProfile | PolicyNeeds.RoundTrips, bool learns = true, bool hasStandIn = false, bool isStandInLoaded = true, Segment? standInRefuses = null, ScriptedExit[]? exits = null, double maxExtraWork = 1)
    {
        var time = new VirtualTime();
        var stage = new StageUnderTest(time, [.. Enumerable.Range(0, servers).Select(_ => new ScriptedServer(time))], device?.Invoke(time) ?? new(time), canPing, probeInterval ?? Timeout.InfiniteTimeSpan, onServerFailure, needs, learns, hasStandIn, isStandInLoaded, standInRefuses, exits is null ? null : ScriptedExits.Of(exits), maxExtraWork);
        await stage._segments.PreloadAsync((loaded ?? Enum.GetValues<Segment>()).Select(ScriptedParts.Compiler.KeyOf));
        if (exits is { Length: > 1 } && loaded is null) await stage._segments.PreloadAsync([new(SegmentSide.Tail, ScriptedExits.Second)]);
        if (isStandInLoaded && stage._standInSegments is { } others) await others.PreloadAsync([ScriptedParts.Compiler.KeyOf(Segment.Whole)]);
        return stage;
    }

    /// <summary>Whether the device can run a segment without loading it first.</summary>
    public bool IsLoaded(Segment segment) => _segments.IsLoaded(ScriptedParts.Compiler.KeyOf(segment));

    /// <summary>Whether the device can run the other variant without loading it first.</summary>
    public bool IsStandInLoaded => _standInSegments!.IsLoaded(ScriptedParts.Compiler.KeyOf(Segment.Whole));

    /// <summary>Has the client know how long the device takes for the whole model, in either variant.</summary>
    public void KnowTheDevice()
    {
        foreach (var (variant, device) in _variants.All.Zip([Device, StandIn])) variant.Model.RecordWhole(device[Segment.Whole].Takes.TotalSeconds);
    }

    /// <summary>Has the client know how long it takes the device to make what cannot cross of the outputs of the other variant.</summary>
    public void KnowTheFinish(TimeSpan takes) => _variants[1].Model.RecordFinish(takes.TotalSeconds);

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
            using var result = await _client.InferAsync(input, new() { Deadline = deadline, MinQuality = choice.MinQuality, Partition = choice.IsNamed ? (int)choice.Cut : null }, stop).ConfigureAwait(false);
            return AnswerOf(result);
        }
        finally
        {
            input.Span<float>().Fill(float.NaN);
            input.Dispose();
        }
    }

    /// <summary>Infers once, and takes every answer on the way until <paramref name="isEnough"/>.</summary>
    public async Task InferProgressiveAsync(Choice choice, Action<Answer> take, Func<Answer, bool>? isEnough = null, TimeSpan? deadline = null, CancellationToken stop = default)
    {
        var number = _requests++;
        _policy.Choose(choice, number);
        var input = Tensors.Make(ThreeStages.Input(number));
        try
        {
            await foreach (var result in _client.InferProgressiveAsync(input, new() { Deadline = deadline, Partition = choice.IsNamed ? (int)choice.Cut : null }, stop).ConfigureAwait(false))
            {
                using (result)
                {
                    var answer = AnswerOf(result);
                    take(answer);
                    if (isEnough?.Invoke(answer) is true) break;
                }
            }
        }
        finally
        {
            input.Span<float>().Fill(float.NaN);
            input.Dispose();
        }
    }

    private static Answer AnswerOf(InferenceResult result) => new(
        Enum.Parse<Source>(result.Source.ToString()), result.Outputs[0].Span<float>().ToArray(), result.IsRaced,
        result.ServerFailure is null ? Fault.None : FaultOf(result.ServerFailure), result.ServerFailure, result.BytesSent, result.Server) { Exit = result.Exit, Confidence = result.Confidence };

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
