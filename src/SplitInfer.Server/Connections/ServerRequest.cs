using System.Diagnostics;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Policies.Quality;
using SplitInfer.Segments;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Models;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>
/// One request from its first frame to its reply. It belongs to the connection's reader until the request is whole, then to the pipeline
/// and the scheduler until the reply is sent; then it is returned to the connection's pool.
/// </summary>
internal sealed class ServerRequest : TailJob, IThreadPoolWorkItem
{
    // A client sends a frame for each slab, however small that becomes in its codec, and fills those of what it does not encode.
    private const int FewFrames = 1024, FewBytes = 1024, LeastSlabBytes = 128 << 10;

    private readonly RequestTable _owner;
    private TensorValue[] _boundary = [];
    private TensorValue[] _outputs = [];
    private ModelLease _model;
    private ExitRun? _exits;
    private (ExitRoutes? Routes, QualityNeeds Needs) _allowed;
    private long _frames;
    private long _bytes;

    /// <summary>A request object that was never used.</summary>
    /// <param name="owner">Has it back when it has ended.</param>
    /// <param name="bytes">Its memory.</param>
    public ServerRequest(RequestTable owner, RequestBytes bytes) => (_owner, Reply, Bytes) = (owner, new(this, owner), bytes);

    public ulong Id { get; private set; }

    /// <summary>When its first frame came, as a timestamp.</summary>
    public long BeganAt { get; private set; }

    /// <summary>When its last frame had come, as a timestamp.</summary>
    public long ReceivedAt { get; set; }

    /// <summary>The client's span that the request belongs to; none where nobody listens.</summary>
    public ActivityContext Parent { get; set; }

    /// <summary>Name of the model; null before the request was admitted.</summary>
    public string? ModelName => _model.Model?.Name;

    /// <summary>Version of the model; null likewise.</summary>
    public string? ModelVersion => _model.Model?.Version;

    /// <summary>How many partitions the model has; 0 before the request was admitted.</summary>
    public int Partitions => _model.Model?.Plan.Partitions.Length ?? 0;

    /// <summary>What the client tells with the request of those before; null where it tells nothing.</summary>
    public ClientReport? Report { get; set; }

    /// <summary>Whether the reply was handed to the network.</summary>
    public bool IsReplied { get; set; }

    /// <summary>Whether frames of the request are still to come.</summary>
    public bool IsArriving { get; set; }

    /// <summary>Whether the client was told why it gets no outputs, though it may still be sending.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Whether it counts among the requests of the client's key.</summary>
    public bool HoldsPlace { get; set; }

    /// <summary>Why there will be no outputs.</summary>
    public Refusal? Refusal { get; set; }

    public Partition Partition { get; set; } = null!;

    /// <summary>Where the pipeline's stages are timed from: the end of the one before.</summary>
    public long StageBegan { get; set; }

    /// <summary>What the request takes of the memory that clients share.</summary>
    public RequestBytes Bytes { get; }

    /// <summary>The request's payload.</summary>
    public IncomingPayload Payload { get; } = new();

    /// <inheritdoc/>
    public override ReadOnlyMemory<TensorValue> Boundary => _boundary.AsMemory(0, Partition.Boundary.Length);

    /// <inheritdoc/>
    public override Memory<TensorValue> Outputs => _outputs.AsMemory(0, Partition.TailOutputs.Length);

    /// <summary>The reply.</summary>
    public OutgoingReply Reply { get; }

    /// <summary>How the boundaries of the request's model are laid out.</summary>
    public PlanLayouts Layouts { get; private set; } = null!;

    /// <summary>Fires when the request is withdrawn, its deadline passes, or the connection ends.</summary>
    public CancellationTokenSource Stop { get; private set; } = null!;

    /// <inheritdoc/>
    public override CancellationToken StopToken => Stop.Token;

    /// <summary>Whether the client stopped the request, and not its deadline.</summary>
    public bool IsWithdrawn { get; private set; }

    /// <summary>Whether its end says how well it was served: not where its client took it back, did not send it to the end, sent it wrongly or holds too much.</summary>
    public bool TellsOfServer => !IsWithdrawn && !IsArriving && (Refusal?.Want ?? Want.Time) is Want.Room or Want.Time;

    /// <summary>How its payload comes.</summary>
    public MessagePace Pace { get; } = new();

    /// <summary>Begins a request with an object that is new or was released.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="now">The time, as a timestamp.</param>
    public void Begin(ulong id, long now)
    {
        (Id, IsArriving) = (id, true);
        Pace.Begin(now);
        (_frames, _bytes) = (0, 0);
        (BeganAt, ReceivedAt, Parent, IsReplied, Report) = (now, now, default, false, null);
        (Refusal, Failure, IsAnswered, IsWithdrawn) = (null, null, false, false);
    }

    /// <summary>Counts a frame, of a request that was refused as well: what is skipped costs time, and there must be an end to it.</summary>
    /// <param name="payloadBytes">Bytes of payload that it carries.</param>
    /// <param name="maxBytes">The most that the tensors of a request may take.</param>
    /// <exception cref="ProtocolException">No request is as long as that, or as finely cut.</exception>
    public void CountFrame(int payloadBytes, long maxBytes)
    {
        _frames++;
        _bytes += payloadBytes;
        // What does not become smaller in its codec may become a little larger.
        if (_bytes / 2 > maxBytes) throw ProtocolException.Violation($"request {Id} goes on beyond {_bytes} bytes of payload, where its tensors may take {maxBytes}");
        if (_frames > FewFrames + (_bytes / FewBytes) + (maxBytes / LeastSlabBytes)) throw ProtocolException.Violation($"request {Id} comes in {_frames} frames with {_bytes} bytes of payload in all");
    }

    /// <summary>Admits the request, once <see cref="Partition"/> is set and the payload told what comes.</summary>
    /// <param name="model">Keeps the version of the model that was asked for; the request disposes it.</param>
    /// <param name="layouts">How the boundaries of the model are laid out.</param>
    /// <param name="terms">What the scheduler was offered.</param>
    /// <param name="arrival">The number that it has given to the request.</param>
    /// <param name="stop">Stops the request; the request disposes it.</param>
    public void Admit(ModelLease model, PlanLayouts layouts, in TailJobTerms terms, long arrival, CancellationTokenSource stop)
    {
        (_model, Layouts, Terms, Arrival, Stop) = (model, layouts, terms, arrival, stop);
        if (_boundary.Length < Partition.Boundary.Length) _boundary = new TensorValue[Partition.Boundary.Length];
        if (_outputs.Length < Partition.TailOutputs.Length) _outputs = new TensorValue[Partition.TailOutputs.Length];
    }

    /// <summary>Lets exits answer the request, where the model has some behind its partition.</summary>
    /// <param name="routes">The routes by them.</param>
    /// <param name="needs">What the request needs.</param>
    /// <param name="dueAt">When its answer is due, as a timestamp.</param>
    /// <param name="now">The time, as a timestamp.</param>
    public void AllowExits(ExitRoutes routes, in QualityNeeds needs, long dueAt, long now)
    {
        if (!routes.HasAt(Partition.Index)) return;
        _allowed = (routes, needs);
        if (routes.Find(Partition.Index) is { } route) Take(route, dueAt, now);
    }

    /// <summary>Stops the request because the client no longer wants its outputs. It may have ended by now.</summary>
    public void Withdraw(CancellationTokenSource stop)
    {
        IsWithdrawn = true;
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended, and the object begins its next request with another source.
        }
    }

    /// <summary>Ends the request without outputs, for an error that is logged where it is the server's own.</summary>
    public void Fail(Exception error, ServerLog log)
    {
        var refusal = RequestFailure.RefusalOf(error, this);
        if (refusal.Code == RefusalCode.Failed) log.TailFailed(_owner.Client.Text, Partition.Index, error);
        Refusal = refusal;
    }

    /// <summary>Decodes the last of the boundary into the tensors that the tail takes.</summary>
    public void Decode()
    {
        Payload.Finish(_boundary.AsSpan(0, Partition.Boundary.Length));
        Payload.Release();
    }

    /// <summary>Rents the tail, or the segments of the route that the request takes by exits, loading first what is not loaded.</summary>
    /// <param name="now">The time, as a timestamp.</param>
    public ValueTask RentTailAsync(long now)
    {
        if (Exits is { } exits) return _allowed.Routes!.RentAsync(exits, StopToken);
        if (_allowed.Routes is { } routes) return LoadRouteAsync(routes, now);
        return RentOnlyTailAsync();
    }

    /// <summary>Gives the tail back.</summary>
    public void ReturnTail()
    {
        Tail.Dispose();
        Tail = default;
        _exits?.Return();
    }

    /// <summary>The request has its answer, or will not have one.</summary>
    /// <param name="now">The time, as a timestamp.</param>
    public void CloseExits(long now)
    {
        // One that was refused by its header is not received.
        Exits?.Close(TellsOfServer, Terms.Model is null ? BeganAt : ReceivedAt, now);
        (Exits, _allowed) = (null, default);
    }

    /// <summary>The first request that may take a route waits until it is loaded and measured, as the first does of a tail.</summary>
    private async ValueTask LoadRouteAsync(ExitRoutes routes, long now)
    {
        if (await routes.LoadAsync(Partition.Index, StopToken).ConfigureAwait(false) is { } route)
        {
            Take(route, Terms.DueAt, now);
            Terms = Terms with { LeastSeconds = Exits!.LeastSeconds };
            await routes.RentAsync(Exits, StopToken).ConfigureAwait(false);
        }
        else
        {
            await RentOnlyTailAsync().ConfigureAwait(false);
        }
    }

    private void Take(ExitRoute route, long dueAt, long now)
    {
        Exits = _exits ??= new();
        Exits.Open(route, _allowed.Needs, dueAt, now);
    }

    private ValueTask RentOnlyTailAsync()
    {
        FindBatches();
        var renting = _model.Model.RentTailAsync(Partition.Index, StopToken);
        if (!renting.IsCompletedSuccessfully) return WaitAsync(this, renting);
        Tail = renting.Result;
        return ValueTask.CompletedTask;

        static async ValueTask WaitAsync(ServerRequest request, ValueTask<SegmentLease> renting) => request.Tail = await renting.ConfigureAwait(false);
    }

    /// <summary>Finds what the request may run together with. One that exits may answer goes a way of its own.</summary>
    private void FindBatches()
    {
        if (_allowed.Routes is not null || _model.Model.Batches is not { } batches) return;
        Batches = batches.Find(Partition.Index, Boundary.Span);
        if (Batches is { Key: not 0 and var key }) Terms = Terms with { BatchKey = key };
    }

    /// <summary>Begins the work that is due once the request is whole.</summary>
    public void Execute() => _ = _owner.BeginWorkAsync(this);

    /// <inheritdoc/>
    public override void OnEnded() => _ = _owner.ReplyAsync(this);

    /// <summary>Releases the boundary, and counts it no more.</summary>
    public void ReleaseBoundary()
    {
        Payload.Release();
        Release(_boundary);
        Bytes.GiveBack();
    }

    /// <summary>Counts the outputs from now on, until the reply is sent.</summary>
    /// <exception cref="Protocol.TailRefusedException">The client holds as much as it may, as one does that reads no replies.</exception>
    public void HoldOutputs()
    {
        long bytes = 0;
        foreach (var output in Outputs.Span) bytes += output.Bytes.Length;
        if (!Bytes.TryPromise(bytes)) throw Scheduling.Refusal.Busy.ToException();
        if (Bytes.TryTake(bytes) is { } denied) throw denied;
    }

    /// <summary>Releases the outputs and what was made of them, since an error takes their place, which may not be read for long.</summary>
    public void ReleaseOutputs()
    {
        Reply.Clear();
        Release(_outputs);
    }

    /// <summary>Releases everything that the request holds.</summary>
    /// <param name="now">The time, as a timestamp.</param>
    public void Release(long now)
    {
        ReleaseBoundary();
        ReturnTail();
        ReleaseOutputs();
        CloseExits(now);
        Stop?.Dispose();
        _model.Dispose();
        // An idle object must not keep a model that was retired.
        (_model, Terms, Layouts, Batches) = (default, default, null!, null);
    }

    private static void Release(TensorValue?[] tensors)
    {
        foreach (var tensor in tensors) tensor?.Dispose();
        tensors.AsSpan().Clear();
    }
}
