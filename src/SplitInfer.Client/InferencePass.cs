using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client;

/// <summary>
/// One request on its way through a partition. It owns every tensor that is made on the way, until the last of those who hold
/// it lets go; the inputs stay the caller's. The tail may run on both sides at once; all else is one step after the other.
/// </summary>
internal sealed class InferencePass(
    Partition partition, Routing routing, SegmentSet segments, LocalTail localTail, ITensorCodec codec, BoundaryLayout layout, ReadOnlyMemory<Tensor> inputs, StageClock clock) : IDisposable
{
    private const double HarmlessDifference = 1e-3;

    private static readonly TailProgress Unsent = new();

    private Tensor[] _head = [];
    private Tensor[] _boundary = [];
    private Tensor?[] _copies = [];
    private TailAnswer _tail;
    private TimeSpan _headTime;
    private TimeSpan _gatherTime;
    private bool _isOvertaken;
    private bool _isLoss;
    private int _holders = 1;

    /// <summary>Where the model is cut.</summary>
    public Partition Partition => partition;

    /// <summary>How far the boundary has got on its way to the server.</summary>
    public TailProgress Progress { get; private set; } = Unsent;

    /// <summary>Why there is no answer of the server; null where there is one or none was asked for.</summary>
    public Exception? ServerFailure { get; private set; }

    /// <summary>How long the server was waited for in vain.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Time that the whole model took on the device, where the device ran the tail.</summary>
    public TimeSpan DeviceTime => _tail.IsWhole ? _tail.DeviceTime : _headTime + _tail.DeviceTime;

    /// <summary>Whether both sides were to run the tail.</summary>
    public bool IsRaced { get; private set; }

    /// <summary>Which side did the work.</summary>
    public InferenceSource Source => !_tail.IsFromServer ? InferenceSource.Device : partition.Head.Nodes == 0 ? InferenceSource.Server : InferenceSource.Split;

    /// <summary>Where the time went up to this moment.</summary>
    public InferenceTimings Timings => new()
    {
        Head = _headTime,
        Encode = EncodeTime,
        Offload = _tail.ServerTime,
        Tail = _tail.DeviceTime,
        Server = _tail.Reply?.Timings ?? default,
        Total = clock.Total(),
    };

    /// <summary>What a policy learns from it. A race that the device won says nothing of the server yet, unless it began because the reply was late.</summary>
    public Observation Observation => new()
    {
        HeadSeconds = _headTime.TotalSeconds,
        EncodeSeconds = EncodeTime.TotalSeconds,
        OffloadSeconds = (_tail.IsFromServer ? _tail.ServerTime : Waited).TotalSeconds,
        ServerSeconds = _tail.Reply?.Timings.TotalSeconds ?? 0,
        BytesSent = _tail.IsFromServer ? Progress.BytesSent : 0,
        IsCensored = (ServerFailure is not null || _isOvertaken) && !_tail.IsFromServer && !_isLoss,
        RacedDeviceSeconds = _tail.DeviceTime > TimeSpan.Zero ? DeviceTime.TotalSeconds : 0,
    };

    /// <summary>Runs the head, where there is one. Loading it is not part of its time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunHeadAsync(CancellationToken cancellationToken)
    {
        if (!routing.HasHead) return;
        using var head = await segments.RentAsync(new(SegmentSide.Head, partition.Index), cancellationToken).ConfigureAwait(false);
        var (headInputs, outputs) = (new Tensor[routing.HeadInputs.Length], new Tensor[head.Runner.Outputs.Count]);
        for (var i = 0; i < headInputs.Length; i++) headInputs[i] = inputs.Span[routing.HeadInputs[i]];
        clock.Lap();
        await head.Runner.RunAsync(headInputs, outputs, cancellationToken).ConfigureAwait(false);
        _headTime = clock.Lap();
        _head = outputs;
    }

    private TimeSpan EncodeTime => _gatherTime + TimeSpan.FromSeconds(Progress.EncodeSeconds);

    /// <summary>Gathers the boundary, which is encoded as it is sent.</summary>
    /// <param name="outlivesCall">Whether the tail may still run when the caller has its result and may change the inputs, so that those which cross are copied.</param>
    public void Gather(bool outlivesCall)
    {
        clock.Lap();
        _boundary = Gather(routing.Boundary);
        if (outlivesCall) CopyInputs();
        _gatherTime = clock.Lap();
    }

    /// <summary>What is lost where a boundary of finite inputs is not finite; null where nothing is.</summary>
    public NonFiniteBoundaryException? FindLoss()
    {
        for (var i = 0; i < _boundary.Length; i++)
        {
            // What the model is fed crosses as it is.
            if (routing.Boundary[i].Origin == ValueOrigin.Input || FiniteNumbers.AreIn(_boundary[i])) continue;
            foreach (var input in inputs.Span)
                if (!FiniteNumbers.AreIn(input)) return null;
            return new(partition, partition.Boundary[i].Name);
        }

        return null;
    }

    /// <summary>Runs the whole model on the device, since the boundary is of no use.</summary>
    public async ValueTask FinishWithoutBoundaryAsync(NonFiniteBoundaryException loss, CancellationToken cancellationToken)
    {
        (ServerFailure, _isLoss) = (loss, true);
        _tail = await localTail.RunWholeAsync(inputs, clock.Fork(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the tail makes of the boundary what the whole model has given, so that nothing was lost though not all of it is finite, as in a mask of −∞.</summary>
    public async ValueTask<bool> IsLossHarmlessAsync(CancellationToken cancellationToken)
    {
        Tensor[] outputs = [];
        try
        {
            outputs = await localTail.RunTailAsync(_boundary, cancellationToken).ConfigureAwait(false);
            return _tail.Reply!.Outputs.OfType<Tensor>().Zip(outputs).All(static pair => pair.First.ElementType == pair.Second.ElementType && pair.First.Shape == pair.Second.Shape
                && TensorDifference.Between(pair.First, pair.Second).IsWithin(HarmlessDifference));
        }
        catch (SplitInferException)
        {
            return false;
        }
        finally
        {
            foreach (var output in outputs) output.Dispose();
        }
    }

    /// <summary>Has the server run the tail. The answer is the caller's.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TailAnswer> OffloadAsync(ITailTransport transport, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var request = new TailRequest
        {
            Partition = partition,
            Codec = codec,
            SymbolSizes = layout.Measure(_boundary),
            Boundary = _boundary,
            Deadline = deadline,
        };
        Progress = request.Progress;
        var stage = clock.Fork();
        var reply = await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
        return new(reply, IsFromServer: true, Sending(stage.Lap()));
    }

    /// <summary>Runs the tail on the device beside the server. The answer is the caller's.</summary>
    public ValueTask<TailAnswer> RaceAsync(CancellationToken cancellationToken)
    {
        IsRaced = true;
        return FinishAsync(cancellationToken);
    }

    /// <summary>Runs the tail on the device. The answer is the caller's.</summary>
    public ValueTask<TailAnswer> FinishAsync(CancellationToken cancellationToken) => localTail.RunAsync(_boundary, inputs, clock.Fork(), cancellationToken);

    /// <summary>Takes over the answer that the result is made of.</summary>
    public void Take(in TailAnswer answer) => _tail = answer;

    /// <summary>The server gave no answer.</summary>
    public void Miss(Exception failure, TimeSpan waited) => (ServerFailure, Waited) = (failure, Sending(waited));

    /// <summary>The device has overtaken a reply that was late.</summary>
    public void Overtake(TimeSpan waited) => (_isOvertaken, Waited) = (true, Sending(waited));

    /// <summary>The part of a time, which started with encoding, in which bytes could travel.</summary>
    public TimeSpan Sending(TimeSpan time) => TimeSpan.FromTicks(Math.Max(0, time.Ticks - TimeSpan.FromSeconds(Progress.EncodeSeconds).Ticks));

    /// <summary>The model's outputs, which the caller owns.</summary>
    public Tensor[] TakeOutputs()
    {
        var outputs = Gather(routing.Outputs);
        // Two outputs may be one value, and an output may be an input, so each is given an owner of its own.
        foreach (ref var output in outputs.AsSpan()) output = output.Share();
        return outputs;
    }

    /// <summary>One more holder, who disposes it as well.</summary>
    public InferencePass Hold()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        _tail.Reply?.Dispose();
        foreach (var tensor in _head) tensor.Dispose();
        foreach (var copy in _copies) copy?.Dispose();
    }

    private void CopyInputs()
    {
        _copies = new Tensor?[_boundary.Length];
        for (var i = 0; i < _boundary.Length; i++)
            if (routing.Boundary[i].Origin == ValueOrigin.Input)
                _copies[i] = _boundary[i] = Tensor.From(_boundary[i].ElementType, _boundary[i].Shape, _boundary[i].Bytes.Span);
    }

    private Tensor[] Gather(ImmutableArray<ValueSource> sources)
    {
        var tensors = new Tensor[sources.Length];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = Find(sources[i]);
        return tensors;
    }

    private Tensor Find(ValueSource source) => source.Origin switch
    {
        ValueOrigin.Input => inputs.Span[source.Index],
        ValueOrigin.Head => _head[source.Index],
        _ => _tail.Reply!.Outputs[source.Index]!,
    };
}
