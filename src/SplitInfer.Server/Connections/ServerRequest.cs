using Microsoft.Extensions.Logging;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Connections;

/// <summary>
/// One request from its first frame to its reply. It belongs to the connection's reader until the request is whole, then to the pipeline
/// and the scheduler until the reply is sent; then it is returned to the connection's pool.
/// </summary>
internal sealed class ServerRequest : TailJob, IThreadPoolWorkItem
{
    private readonly RequestTable _owner;
    private TensorValue[] _boundary = [];
    private TensorValue[] _outputs = [];
    private ModelLease _model;

    /// <summary>A request object that was never used.</summary>
    public ServerRequest(RequestTable owner) => (_owner, Reply) = (owner, new(this, owner));

    public ulong Id { get; private set; }

    /// <summary>Whether frames of the request are still to come.</summary>
    public bool IsArriving { get; set; }

    /// <summary>Whether the client was told why it gets no outputs, though it may still be sending.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Why there will be no outputs.</summary>
    public Refusal? Refusal { get; set; }

    public Partition Partition { get; set; } = null!;

    /// <summary>Where the pipeline's stages are timed from: the end of the one before.</summary>
    public long StageBegan { get; set; }

    /// <summary>Bytes of the server's byte budget that go back with the boundary.</summary>
    public long HeldBytes { get; set; }

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

    /// <summary>Begins a request with an object that is new or was released.</summary>
    public void Begin(ulong id)
    {
        (Id, IsArriving) = (id, true);
        (Refusal, Failure, IsAnswered, IsWithdrawn) = (null, null, false, false);
    }

    /// <summary>Admits the request, once <see cref="Partition"/> is set and the payload told what comes.</summary>
    /// <param name="model">Keeps the version of the model that was asked for; the request disposes it.</param>
    /// <param name="layouts">How the boundaries of the model are laid out.</param>
    /// <param name="terms">What the scheduler was offered.</param>
    /// <param name="stop">Stops the request; the request disposes it.</param>
    public void Admit(ModelLease model, PlanLayouts layouts, in TailJobTerms terms, CancellationTokenSource stop)
    {
        (_model, Layouts, Terms, Stop) = (model, layouts, terms, stop);
        if (_boundary.Length < Partition.Boundary.Length) _boundary = new TensorValue[Partition.Boundary.Length];
        if (_outputs.Length < Partition.TailOutputs.Length) _outputs = new TensorValue[Partition.TailOutputs.Length];
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
    public void Fail(Exception error, ILogger log)
    {
        var refusal = RequestFailure.RefusalOf(error, this);
        if (refusal.Code == RefusalCode.Failed) ServerLog.TailFailed(log, Partition.Index, error);
        Refusal = refusal;
    }

    /// <summary>Decodes the last of the boundary into the tensors that the tail takes.</summary>
    public void Decode()
    {
        Payload.Finish(_boundary.AsSpan(0, Partition.Boundary.Length));
        Payload.Release();
    }

    /// <summary>Rents the tail, loading it first where it is not loaded.</summary>
    public ValueTask RentTailAsync()
    {
        var renting = _model.Model.RentTailAsync(Partition.Index, StopToken);
        if (!renting.IsCompletedSuccessfully) return WaitAsync(this, renting);
        Tail = renting.Result;
        return ValueTask.CompletedTask;

        static async ValueTask WaitAsync(ServerRequest request, ValueTask<SegmentLease> renting) => request.Tail = await renting.ConfigureAwait(false);
    }

    /// <summary>Gives the tail back.</summary>
    public void ReturnTail()
    {
        Tail.Dispose();
        Tail = default;
    }

    /// <summary>Begins the work that is due once the request is whole.</summary>
    public void Execute() => _ = _owner.BeginWorkAsync(this);

    /// <inheritdoc/>
    public override void OnEnded() => _ = _owner.ReplyAsync(this);

    /// <summary>Releases the boundary and its share of the byte budget.</summary>
    public void ReleaseBoundary()
    {
        Payload.Release();
        Release(_boundary);
        _owner.Budget.GiveBack(HeldBytes);
        HeldBytes = 0;
    }

    /// <summary>Releases everything that the request holds.</summary>
    public void Release()
    {
        ReleaseBoundary();
        ReturnTail();
        Reply.Clear();
        Release(_outputs);
        Stop?.Dispose();
        _model.Dispose();
        // An idle object must not keep a model that was retired.
        (_model, Terms, Layouts) = (default, default, null!);
    }

    private static void Release(TensorValue?[] tensors)
    {
        foreach (var tensor in tensors) tensor?.Dispose();
        tensors.AsSpan().Clear();
    }
}
