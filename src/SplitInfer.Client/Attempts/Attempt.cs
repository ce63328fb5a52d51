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
internal sealed partial class Attempt(LocalCut cut, ITensorCodec codec, Decision decision, ReadOnlyMemory<TensorValue> inputs, RequestBudget budget, OutcomeSink sink, TimeProvider time) : IDisposable
{
    private const int Open = 0, Moving = 1, Completed = 2;

    private static readonly UploadProgress Unsent = new();

    private StageTimer _timer = new(time);
    private StrongBox<Arm>? _moved;
    private StrongBox<Arm>? _standIn;
    private int _phase;
    private readonly ITensorCodec _armCodec = codec;
    private Attempt? _source;
    private AnswerAtHand? _atHand;
    private TensorValue[] _head = [];
    private TensorValue?[] _copies = [];
    private AttemptResult _result;
    private TimeSpan _collectTime;
    private long? _offloadBegan;
    private bool _isHeadTooLate;
    private bool _hasArrived;

    // The exit of what stands in, once it was asked; below 0 where it was not sure.
    private int _localExit;
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

    /// <summary>How exits of the device may answer.</summary>
    public ExitRule Exits { get; init; }

    /// <summary>Takes over every answer on the way that is surer than those before; null where only the last one is asked for.</summary>
    public Func<Attempt, AttemptResult, CancellationToken, ValueTask>? Early { get; init; }

    /// <summary>Whether exits before the cut are asked on the way there: all answers are asked for, or there is no time for the whole model on the device, so that there may be no other answer by the deadline.</summary>
    public bool GoesByExits { get; init; }

    /// <summary>Whether the device gives by the deadline the best answer that it has got to, rather than none, or is to give each on the way.</summary>
    public bool IsAnytime => Early is not null || (Exits.KeepsUnsure && Exits.Exits is not null);

    /// <summary>Whether an exit has given an answer that can be given where there is no better one by the deadline.</summary>
    public bool HasAnswerAtHand => _atHand is { IsThere: true };

    /// <summary>Whether the device may go on beside the server, though it has an answer at hand.</summary>
    public bool MayGoOn { get; set; } = true;

    /// <summary>Whether the device has gone on behind the cut, by way of exits or to the end; of use where the attempt <see cref="IsAnytime"/>.</summary>
    public bool HasGoneOn { get; set; }

    /// <summary>Seconds that the device has gone on behind the cut, in runs that have ended.</summary>
    public double BehindSeconds { get; set; }

    /// <summary>Ends with the run behind the cut, which may take a moment to stop once the request has its answer; null where none has begun.</summary>
    public Task? RunBehind { get; set; }

    /// <summary>Signalled when the caller cancels.</summary>
    public CancellationToken Caller { get; init; }

    /// <summary>The place among the frames of a stream; null for any other request.</summary>
    public FrameLane? Lane { get; init; }

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

    /// <summary>The cut was reached in another way than by its head.</summary>
    /// <param name="boundary">What crosses it, which is taken over.</param>
    public void Arrive(TensorValue[] boundary)
    {
        (_head, Boundary, _hasArrived) = (boundary, [.. boundary], true);
        HeadTime = _timer.Restart();
        _isHeadTooLate = budget.IsOver;
    }

    /// <summary>Collects the boundary.</summary>
    public void CollectBoundary()
    {
        var timer = _timer.StartNew();
        if (!_hasArrived) Boundary = Collect(cut.Route.Boundary);
        _collectTime = timer.Restart();
    }

    /// <summary>What is left of the request begins: the boundary is encoded as it is sent.</summary>
    /// <param name="copyInputs">Whether inputs that cross are copied, since they may still be read when the caller has its result and may change them.</param>
    /// <param name="isSent">Whether a server is asked.</param>
    public void SetOut(bool copyInputs, bool isSent)
    {
        var timer = _timer.StartNew();
        if (copyInputs) CopyInputs();
        _collectTime += timer.Restart();
        if (!isSent) return;
        _offloadBegan = time.GetTimestamp();
        Stage = "waiting for the server";
    }

    /// <summary>Has the exit on the cut answer, where there is one. An answer that is not sure is kept for the deadline.</summary>
    /// <returns>Whether the attempt is complete.</returns>
    public async ValueTask<bool> LeaveAsync(CancellationToken stop)
    {
        if (Exits.Ask(cut.Partition.Index, Boundary, isOfArm: true) is not { } answer) return false;
        if (answer.IsProvisional || Early is not null)
        {
            await OfferAsync(answer, stop).ConfigureAwait(false);
            return false;
        }

        Complete(answer with { IsTooLate = budget.IsOver });
        return true;
    }

    /// <summary>Takes over an answer that may yet be bettered, and tells of it where it is surer than those before. One that comes after the deadline, since a run could not be stopped, is none.</summary>
    public async ValueTask OfferAsync(AttemptResult answer, CancellationToken stop)
    {
        if (budget.IsOver)
        {
            answer.Outputs.Dispose();
            return;
        }

        var atHand = Volatile.Read(ref _atHand) ?? Interlocked.CompareExchange(ref _atHand, new(), null) ?? _atHand;
        if (atHand.Offer(answer) && Early is { } early && atHand.Share() is { } told) await early(this, told, stop).ConfigureAwait(false);
    }

    /// <summary>The device has asked an exit behind the cut, which policies are told of where it is that of what stands in.</summary>
    /// <param name="partition">The partition of the exit.</param>
    /// <param name="hasAnswered">Whether it was sure.</param>
    public void NoteExit(int partition, bool hasAnswered)
    {
        if (Early is null && Exits is { AnswersWhereSure: true, Exits: { } exits } && Decision.Local is { Exit: > 0 } local && exits.On(partition) == local.Exit) Volatile.Write(ref _localExit, hasAnswered ? local.Exit : -local.Exit);
    }

    /// <summary>The best answer that exits have given so far, which the caller owns; null where there is none.</summary>
    public AttemptResult? AnswerAtHand() => _atHand?.Share();

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
        request.Progress.Sent = Lane?.OnSent;
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

    /// <summary>Completes the attempt with the answer at hand, where there is one, because the time is up.</summary>
    public bool TryCompleteWithAnswerAtHand()
    {
        if (AnswerAtHand() is not { } best) return false;
        Complete(_offloadBegan is null ? best : best with { Server = ServerOutcome.Overdue, OffloadSeconds = WaitedSeconds });
        return true;
    }

    /// <summary>Takes over the outputs that the request's result is made of.</summary>
    public void Complete(in AttemptResult result)
    {
        // No server takes the place of another while the result is read.
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref _phase, Completed, Open) == Moving) spin.SpinOnce();
        _result = result;
    }

    /// <summary>The model's outputs by a result, which the caller owns.</summary>
    /// <param name="result">A result of this attempt.</param>
    public TensorValue[] TakeOutputs(in AttemptResult result)
    {
        TensorValue[] outputs = result.Outputs.Variant is null && (result.IsFromServer || result.Exit == 0) ? Collect(cut.Route.Outputs) : [.. result.Outputs.Tensors!];
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
        _atHand?.Dispose();
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
