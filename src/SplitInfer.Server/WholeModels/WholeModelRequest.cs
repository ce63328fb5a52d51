using System.Collections.Immutable;
using System.Diagnostics;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Access;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.WholeModels;

/// <summary>
/// One run of a whole model, from when it is accepted until its outputs are sent. It counts among what its client may take until it is disposed, once. Not
/// thread-safe.
/// </summary>
internal sealed class WholeModelRequest : TailJob, IDisposable
{
    private readonly ServerContext _server;
    private readonly ForeignClient _client;
    private readonly KeyAccount? _account;
    private readonly ModelLease _model;
    private readonly ClientMachine _machine;
    private readonly Partition _partition;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenRegistration _withdrawal;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TensorValue[] _boundary;
    private readonly TensorValue[] _tailOutputs;
    private readonly string? _codec;
    private readonly ActivityContext _parent;
    private readonly long _beganAt;
    private TensorValue?[] _inputs = [];
    private long _receivedAt, _completedAt;
    private volatile bool _isWithdrawn;
    private Refusal? _refusal;

    /// <summary>A request that was accepted; takes over the lease, and the place in the account.</summary>
    public WholeModelRequest(ServerContext server, in ForeignClient client, KeyAccount? account, ModelLease model, in TailJobTerms terms, long arrival, string? codec, CancellationToken withdrawn)
    {
        (_server, _client, _account, _model, _codec, Terms, Arrival) = (server, client, account, model, codec, terms, arrival);
        _parent = Activity.Current?.Context ?? default;
        _beganAt = server.Time.GetTimestamp();
        _partition = model.Model.Plan.AllOnServer;
        (_boundary, _tailOutputs) = (new TensorValue[_partition.Boundary.Length], new TensorValue[_partition.TailOutputs.Length]);
        _machine = server.Machines.Enter(client.Name.Machine);
        client.Connection.Begin();
        Bytes = new(client.Connection.PromisedOf(_machine), _machine.Held);
        _stop = new(Timeout.InfiniteTimeSpan, server.Time);
        _withdrawal = withdrawn.UnsafeRegister(static self => ((WholeModelRequest)self!).Withdraw(), this);
    }

    /// <summary>The name of the model.</summary>
    public string ModelName => _model.Model.Name;

    /// <summary>Its version.</summary>
    public string ModelVersion => _model.Model.Version;

    /// <summary>What the model takes.</summary>
    public ImmutableArray<TensorSpec> Inputs => _model.Model.Plan.Inputs;

    /// <summary>What the model gives.</summary>
    public ImmutableArray<TensorSpec> ModelOutputs => _model.Model.Plan.Outputs;

    /// <summary>What the request takes of the memory that clients share.</summary>
    public RequestBytes Bytes { get; }

    /// <summary>Bytes of the tensors that came, for telemetry.</summary>
    public long BytesReceived { get; set; }

    /// <summary>Bytes of the tensors that were sent, for telemetry.</summary>
    public long BytesSent { get; set; }

    /// <inheritdoc/>
    public override ReadOnlyMemory<TensorValue> Boundary => _boundary;

    /// <inheritdoc/>
    public override Memory<TensorValue> Outputs => _tailOutputs;

    /// <inheritdoc/>
    public override CancellationToken StopToken => _stop.Token;

    /// <summary>Whether a request may leave an input out, since the model has a value for it.</summary>
    public bool IsOptional(TensorSpec input) => _model.Model.Defaults.ContainsKey(input.Name);

    /// <summary>Promises bytes, which then are to be held as far as others leave any.</summary>
    /// <exception cref="TailRefusedException">The client has as many as it may.</exception>
    public void Promise(long bytes)
    {
        if (!Bytes.TryPromise(bytes)) throw Fail(Refusal.OutOfMemory.ToException());
    }

    /// <summary>Counts bytes that were promised as held, since they have come.</summary>
    /// <exception cref="TailRefusedException">The client, or all of them, hold as many as they may.</exception>
    public void Hold(long bytes)
    {
        if (Bytes.TryTake(bytes) is { } denied) throw Fail(denied);
    }

    /// <summary>The result is of no use after this.</summary>
    /// <param name="deadline">From now; positive.</param>
    public void ExpireAfter(TimeSpan deadline)
    {
        Terms = Terms with { DueAt = _server.Time.GetTimestamp() + (long)(deadline.TotalSeconds * _server.Time.TimestampFrequency) };
        _stop.CancelAfter(deadline);
    }

    /// <summary>Runs the model.</summary>
    /// <param name="inputs">A tensor for each of <see cref="Inputs"/>, null where it is left out; taken over.</param>
    /// <exception cref="TailRefusedException">There are no outputs; the client may read why.</exception>
    public async Task RunAsync(TensorValue?[] inputs)
    {
        _inputs = inputs;
        _receivedAt = _server.Time.GetTimestamp();
        _server.Scheduler.Forget(this);
        try
        {
            if (_stop.IsCancellationRequested || _receivedAt >= Terms.DueAt) throw new OperationCanceledException();
            for (var place = 0; place < _boundary.Length; place++) _boundary[place] = InputOf(_partition.Boundary[place].Name);
            BoundaryLayout.For(_partition.Boundary).Measure(_boundary);
            Batches = _model.Model.Batches?.Find(_partition.Index, _boundary);
            if (Batches is { Key: not 0 and var key }) Terms = Terms with { BatchKey = key };
            Tail = await _model.Model.RentTailAsync(_partition.Index, StopToken).ConfigureAwait(false);
            _server.Scheduler.Enqueue(this);
            await _ended.Task.ConfigureAwait(false);
            if (Failure is { } failure) throw failure;
            _completedAt = _server.Time.GetTimestamp();
            HoldOutputs();
        }
        catch (Exception exception)
        {
            throw Fail(exception);
        }
        finally
        {
            Tail.Dispose();
            Tail = default;
        }
    }

    /// <summary>One of <see cref="ModelOutputs"/>, once the model has run. It stays the request's.</summary>
    /// <exception cref="TailRefusedException">The server does not have it.</exception>
    public TensorValue OutputOf(TensorSpec output)
    {
        for (var place = 0; place < _tailOutputs.Length; place++)
            if (_partition.TailOutputs[place].Name == output.Name) return _tailOutputs[place];
        // One that no node computes is an input, passed on.
        return InputOf(output.Name);
    }

    /// <summary>The client is told that the request is not one that can be answered.</summary>
    public void Reject(RefusalCode code, string message)
    {
        if (_refusal is null) Refuse(new(code, message));
    }

    /// <summary>Ends the request without outputs.</summary>
    /// <returns>What the client is told.</returns>
    public TailRefusedException Fail(Exception exception)
    {
        if (_refusal is null)
        {
            var refusal = RefusalOf(exception);
            if (refusal.Code is RefusalCode.Failed) _server.Log.TailFailed(_client.Name.Text, _partition.Index, exception);
            Refuse(refusal);
        }

        return _refusal!.Value.ToException();
    }

    /// <inheritdoc/>
    public override void OnEnded() => _ended.TrySetResult();

    /// <inheritdoc/>
    public void Dispose()
    {
        _withdrawal.Dispose();
        _server.Scheduler.Forget(this);
        _client.Connection.End();
        if (_codec is not null) Record();
        foreach (var tensor in _inputs) tensor?.Dispose();
        foreach (var tensor in _tailOutputs) tensor?.Dispose();
        Bytes.GiveBack();
        _stop.Dispose();
        _server.Machines.Leave(_machine);
        _account?.End();
        _model.Dispose();
    }

    private TensorValue InputOf(string name)
    {
        for (var place = 0; place < Inputs.Length; place++)
            if (Inputs[place].Name == name && place < _inputs.Length && _inputs[place] is { } given) return given;
        return _model.Model.Defaults.GetValueOrDefault(name)
            ?? throw new TailRefusedException(RefusalCode.InvalidPartition, $"The server does not have '{PeerText.Clean(name)}' of this model. Use a SplitInfer client.");
    }

    private void HoldOutputs()
    {
        long bytes = 0;
        foreach (var output in _tailOutputs) bytes += output.ByteLength;
        Promise(bytes);
        Hold(bytes);
    }

    private void Refuse(in Refusal refusal)
    {
        _refusal = refusal;
        // Nobody is to be told of a probe.
        if (_codec is null) return;
        if (refusal.Code is RefusalCode.InvalidPayload or RefusalCode.LimitExceeded) _server.Log.RequestInvalid(_client.Name.Text, ModelName, refusal.Message);
        _server.Log.RequestRefused(refusal);
    }

    private void Withdraw()
    {
        _isWithdrawn = true;
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    private Refusal RefusalOf(Exception exception) => exception switch
    {
        TailRefusedException refused => new(refused.Code, refused.Message, RetryAfter: refused.RetryAfter) { Want = refused is { Code: RefusalCode.Busy, RetryAfter: null } ? Want.Memory : Want.None },
        OperationCanceledException or IOException when _isWithdrawn => Refusal.Cancelled,
        OperationCanceledException when Terms.DueAt < long.MaxValue => new(RefusalCode.DeadlineExceeded, "The deadline passed before the server could answer. Allow more time."),
        TensorMismatchException => new(RefusalCode.InvalidPayload, exception.Message),
        SizeLimitException => new(RefusalCode.LimitExceeded, exception.Message),
        SegmentLoadException => new(RefusalCode.PartitionUnavailable, "The server cannot load this model. Its log says why."),
        EngineException => new(RefusalCode.Failed, "The model did not run on these inputs. Check their sizes and values; the server's log says what the engine refused."),
        _ => new(RefusalCode.Failed, "The request failed on the server. Its log says why."),
    };

    private void Record()
    {
        var (time, hasRun) = (_server.Time, _completedAt != 0);
        var refusal = _refusal?.Code ?? (!hasRun || _isWithdrawn ? RefusalCode.Cancelled : (RefusalCode?)null);
        var receive = _receivedAt == 0 ? default : time.GetElapsedTime(_beganAt, _receivedAt);
        // With the loading of the tail, as for the frames.
        var queue = hasRun ? time.GetElapsedTime(_receivedAt, StartedAt) : default;
        var run = hasRun ? time.GetElapsedTime(StartedAt, EndedAt) : default;
        var encode = hasRun ? time.GetElapsedTime(_completedAt) : default;
        _client.Connection.Show(new()
        {
            Client = _client.Connection.Number,
            Model = ModelName,
            Version = ModelVersion,
            Refusal = refusal,
            Partition = _partition.Index,
            Codec = _codec,
            BytesReceived = BytesReceived,
            BytesSent = BytesSent,
            Receive = receive,
            Decode = default,
            Queue = queue,
            Run = run,
            Encode = encode,
            Report = null,
        });
        _server.Recorder.End(new()
        {
            Model = ModelName,
            Client = _client.Name.Text,
            Parent = _parent,
            BeganAt = _beganAt,
            Refusal = refusal,
            Reason = _refusal?.Message,
            Partition = _partition.Index,
            Codec = _codec,
            BytesReceived = BytesReceived,
            BytesSent = BytesSent,
            Together = Together,
            ReceiveMicroseconds = receive.TotalMicroseconds,
            DecodeMicroseconds = 0,
            QueueMicroseconds = queue.TotalMicroseconds,
            RunMicroseconds = run.TotalMicroseconds,
            EncodeMicroseconds = encode.TotalMicroseconds,
        });
    }
}
