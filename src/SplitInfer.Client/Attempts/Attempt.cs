using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Device;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// One request being carried out with a chosen arm. Owns the head's outputs, the boundary and any copied inputs until its last reference is
/// released. The caller keeps ownership of the inputs. Executors may run the tail in two places at once; everything else is one step
/// after the other.
/// </summary>
/// <param name="cut">The partition.</param>
/// <param name="codec">The codec of the arm.</param>
/// <param name="decision">What was chosen.</param>
/// <param name="inputs">The model's inputs.</param>
/// <param name="budget">The time that the request has.</param>
/// <param name="sink">Is told what the server fails with.</param>
/// <param name="time">The clock.</param>
internal sealed class Attempt(LocalCut cut, ITensorCodec codec, Decision decision, ReadOnlyMemory<TensorValue> inputs, RequestBudget budget, OutcomeSink sink, TimeProvider time) : IDisposable
{
    private const int Open = 0, Moving = 1, Completed = 2;

    private static readonly UploadProgress Unsent = new();

    private StageTimer _timer = new(time);
    private StrongBox<Arm>? _moved;
    private StrongBox<Arm>? _standIn;
    private int _phase;
    private readonly ITensorCodec _armCodec = codec;
    private Attempt? _source;
    private TensorValue[] _head = [];
    private TensorValue?[] _copies = [];
    private AttemptResult _result;
    private TimeSpan _collectTime;
    private long? _offloadBegan;
    private bool _isHeadTooLate;
    private int _references = 1;

    /// <summary>The partition as the device runs it.</summary>
    public LocalCut Cut => cut;

    /// <summary>What was chosen, with the arm of the server that was asked last and what stands in for it.</summary>
    public Decision Decision
    {
        get
        {
            var current = Volatile.Read(ref _moved) is { } moved ? decision with { Arm = moved.Value } : decision;
            return Volatile.Read(ref _standIn) is { } standIn ? current with { Local = standIn.Value } : current;
        }
    }

    /// <summary>The variant that the device runs where it finishes the request.</summary>
    public int LocalVariant => Decision is { Local: { } local } ? local.Variant : decision.Arm.Variant;

    /// <summary>The variant that it was decided to run there.</summary>
    public int PlannedVariant => decision.Local?.Variant ?? decision.Arm.Variant;

    /// <summary>The time that the request has.</summary>
    public RequestBudget Budget => budget;

    /// <summary>The model's inputs.</summary>
    public ReadOnlyMemory<TensorValue> Inputs => inputs;

    /// <summary>The codec in which the boundary travels.</summary>
    public ITensorCodec Codec { get; set; } = codec;

    /// <summary>Whether another codec may take the place of one that the server does not accept.</summary>
    public bool MayReplaceCodec { get; init; }

    /// <summary>Whether outputs of a server that are not finite are a failure of the server.</summary>
    public bool RefusesNonFinite { get; init; }

    /// <summary>How much the request matters to a server, relative to an ordinary one.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The least share of answers that are to be the model's own; null where no exit of a server may answer.</summary>
    public double? MinQuality { get; init; }

    /// <summary>On whose behalf it is made; empty where nobody is told apart.</summary>
    public string User { get; init; } = "";

    /// <summary>Signalled when the caller cancels.</summary>
    public CancellationToken Caller { get; init; }

    /// <summary>
    /// Whether the server's result is worth waiting for until the deadline, though the device has one: the request asks for the most accurate one by
    /// then, and the device's is less accurate.
    /// </summary>
    public bool PrefersServer { get; init; }

    /// <summary>What the request is doing, for messages.</summary>
    public string Stage { get; set; } = "running the head";

    /// <summary>What crosses the cut.</summary>
    public TensorValue[] Boundary { get; private set; } = [];

    /// <summary>How far the boundary has got on its way to the server.</summary>
    public UploadProgress Progress { get; private set; } = Unsent;

    /// <summary>What the server has failed with, as soon as it is known; null where it has not.</summary>
    public Exception? ServerFailure { get; private set; }

    /// <summary>How long the head ran.</summary>
    public TimeSpan HeadTime { get; private set; }

    /// <summary>How the tail came about.</summary>
    public AttemptResult Result => _result;

    /// <summary>Whether the outputs were ready only when the deadline had passed, since a run could not be stopped. They are no result then.</summary>
    public bool IsTooLate => _isHeadTooLate || _result.IsTooLate;

    /// <summary>Time from the first bytes that could leave until now, s; 0 before the boundary is collected.</summary>
    public double WaitedSeconds => _offloadBegan is { } began ? SendingSeconds(time.GetElapsedTime(began)) : 0;

    /// <summary>Seconds of encoding that sending could not hide.</summary>
    public double EncodeSeconds => _collectTime.TotalSeconds + Progress.EncodeSeconds;

    /// <summary>Time since the request began.</summary>
    public TimeSpan Total => _timer.Total();

    /// <summary>Runs the head, where there is one.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunHeadAsync(CancellationToken stop)
    {
        (_head, HeadTime) = await cut.RunHeadAsync(inputs, _timer, stop).ConfigureAwait(false);
        _isHeadTooLate = budget.IsOver;
    }

    /// <summary>Collects the boundary, which is encoded as it is sent.</summary>
    /// <param name="copyInputs">Whether inputs that cross are copied, since they may still be sent when the caller has its result and may change them.</param>
    public void CollectBoundary(bool copyInputs)
    {
        var timer = _timer.StartNew();
        Boundary = Collect(cut.Route.Boundary);
        if (copyInputs) CopyInputs();
        _collectTime = timer.Restart();
        _offloadBegan = time.GetTimestamp();
        Stage = "waiting for the server";
    }

    /// <summary>Sends the same boundary to another server. The new attempt keeps this one alive, and what crosses must not be the caller's.</summary>
    /// <param name="arm">An arm of that server with the same cut.</param>
    public Attempt CreateShadow(in Arm arm) => new(cut, _armCodec, decision with { Arm = arm, Shadow = null }, ReadOnlyMemory<TensorValue>.Empty, budget: default, sink, time)
    {
        _source = AddReference(),
        _offloadBegan = time.GetTimestamp(),
        Boundary = Boundary,
        MayReplaceCodec = MayReplaceCodec,
    };

    /// <summary>The request to a server that the boundary makes.</summary>
    public TailRequest CreateRequest()
    {
        var request = new TailRequest
        {
            Partition = cut.Partition,
            Codec = Codec,
            SymbolSizes = cut.Layout.Measure(Boundary),
            Boundary = Boundary,
            Budget = budget,
            Weight = Weight,
            MinQuality = MinQuality,
            User = User,
        };
        Progress = request.Progress;
        return request;
    }

    /// <summary>Runs the whole model on the device, because the boundary is unusable.</summary>
    public async ValueTask<AttemptResult> RunWithoutBoundaryAsync(NonFiniteBoundaryException loss, CancellationToken stop) =>
        new(await cut.RunWholeAsync(inputs, _timer.StartNew(), stop).ConfigureAwait(false), ServerOutcome.NotAsked) { ServerFailure = loss, IsTooLate = budget.IsOver };

    /// <summary>The part of a time, measured from the start of encoding, in which bytes could travel, s.</summary>
    public double SendingSeconds(TimeSpan elapsed) => TimeSpan.FromTicks(Math.Max(0, elapsed.Ticks - TimeSpan.FromSeconds(Progress.EncodeSeconds).Ticks)).TotalSeconds;

    /// <summary>Takes note of what the server failed with, at once, so that other requests do without it while the device finishes this one.</summary>
    public void ReportServerFailure(Exception failure)
    {
        if (ServerFailure is not null) return;
        ServerFailure = failure;
        sink.ReportServerFailure(Decision, failure);
    }

    /// <summary>Has another server take the place of one that failed, unless the attempt has its result.</summary>
    /// <param name="arm">The arm of the other one, with the same cut and codec.</param>
    /// <param name="failure">What the one before failed with.</param>
    public bool TryMoveTo(in Arm arm, Exception failure)
    {
        if (Interlocked.CompareExchange(ref _phase, Moving, Open) != Open) return false;
        sink.ReportServerFailure(Decision, failure);
        Volatile.Write(ref _moved, new(arm));
        Codec = _armCodec;
        Volatile.Write(ref _phase, Open);
        return true;
    }

    /// <summary>Has the device run a variant where it finishes the request, whatever was decided.</summary>
    /// <param name="arm">The arm that runs it on the device.</param>
    public void StandIn(in Arm arm) => Volatile.Write(ref _standIn, new(arm));

    /// <summary>Takes over the outputs that the request's result is made of.</summary>
    public void Complete(in AttemptResult result)
    {
        // No server takes the place of another while the result is read.
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref _phase, Completed, Open) == Moving) spin.SpinOnce();
        _result = result;
    }

    /// <summary>What the whole model took on the device, s, where the device ran the tail.</summary>
    public double DeviceSeconds(in TailOutputs tail) => tail.Time <= TimeSpan.Zero ? 0 : tail.IsWhole ? tail.Time.TotalSeconds : (HeadTime + tail.Time).TotalSeconds;

    /// <summary>What the attempt cost, once it is complete or has failed.</summary>
    /// <param name="kind">Whether there is a result.</param>
    public Outcome CreateOutcome(OutcomeKind kind) => new()
    {
        Decision = Decision,
        Kind = kind,
        Server = kind == OutcomeKind.Completed ? _result.Server
            : _offloadBegan is null ? ServerOutcome.NotAsked
            : ServerFailure is { } failure ? ServerFault.OutcomeOf(failure)
            : ServerOutcome.Abandoned,
        HeadSeconds = HeadTime.TotalSeconds,
        EncodeSeconds = EncodeSeconds,
        DeviceSeconds = kind != OutcomeKind.Completed ? 0 : _result.IsFromServer ? _result.OvertakenSeconds : DeviceSeconds(_result.Outputs),
        OffloadSeconds = kind == OutcomeKind.Completed ? _result.OffloadSeconds : WaitedSeconds,
        ServerSeconds = _result.ServerTimings.TotalSeconds,
        QueueSeconds = _result.ServerTimings.QueueSeconds,
        // Of a server that may still reply, the late reply tells.
        BytesSent = kind == OutcomeKind.Completed && _result.Server is (ServerOutcome.Pending or ServerOutcome.Overdue) ? 0 : Progress.BytesSent,
    };

    /// <summary>The model's outputs, which the caller owns.</summary>
    public TensorValue[] TakeOutputs()
    {
        TensorValue[] outputs = _result.Outputs.Variant is null ? Collect(cut.Route.Outputs) : [.. _result.Outputs.Tensors!];
        // Two outputs may be one value, and an output may be an input, so each is given an owner of its own.
        foreach (ref var output in outputs.AsSpan()) output = output.Share();
        return outputs;
    }

    /// <summary>Adds a reference, which its holder releases with <see cref="Dispose"/>.</summary>
    public Attempt AddReference()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Releases one reference.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _references) > 0) return;
        _result.Outputs.Dispose();
        foreach (var tensor in _head) tensor.Dispose();
        foreach (var copy in _copies) copy?.Dispose();
        _source?.Dispose();
    }

    private void CopyInputs()
    {
        _copies = new TensorValue?[Boundary.Length];
        for (var i = 0; i < Boundary.Length; i++)
            if (cut.Route.Boundary[i].Origin == ValueOrigin.Input)
                _copies[i] = Boundary[i] = TensorValue.From(Boundary[i].ElementType, Boundary[i].Shape, Boundary[i].Bytes.Span);
    }

    private TensorValue[] Collect(ImmutableArray<ValueSource> sources)
    {
        var tensors = new TensorValue[sources.Length];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = Find(sources[i]);
        return tensors;
    }

    private TensorValue Find(ValueSource source) => source.Origin switch
    {
        ValueOrigin.Input => inputs.Span[source.Index],
        ValueOrigin.Head => _head[source.Index],
        _ => _result.Outputs.Tensors![source.Index]!,
    };
}
