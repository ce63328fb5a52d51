using SplitInfer.Protocol;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>
/// A request from the call until its result is taken. Completed exactly once by the reply, cancellation, the deadline (which cancels the
/// call's token) or loss of the connection. Returned to the pool when caller, writer and reader have all released it.
/// </summary>
internal sealed partial class PendingRequest
{
    // One reference of the caller, until it has the result, and one for both directions of the connection.
    private const int InitialReferences = 2;

    // One of the writer, until sending has ended, and one of the reader, until the server has answered.
    private const int InitialWireReferences = 2;

    private readonly Lock _gate = new();
    private readonly ServerConnection _connection;
    private readonly TimeProvider _time;
    private OpenedModel? _model;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    // Nothing to complete before it begins.
    private bool _isCompleted = true;
    private int _references;
    private int _wireReferences;

    /// <summary>A request object that was never used.</summary>
    public PendingRequest(ServerConnection connection, TimeProvider time) => (_connection, _time) = (connection, time);

    /// <summary>Its id on the wire; 0 while no frame of it was sent.</summary>
    public ulong Id { get; private set; }

    /// <summary>How the outputs that are due are laid out.</summary>
    public BoundaryLayout Outputs { get; private set; } = null!;

    /// <summary>What has come of the reply.</summary>
    public IncomingReply Reply { get; } = new();

    /// <summary>Sends a request with an object that is new or was returned to the pool.</summary>
    /// <param name="request">What to send.</param>
    /// <param name="model">The model that it is for.</param>
    /// <param name="codec">The codec's index on the wire.</param>
    /// <param name="cancellationToken">Withdraws the request.</param>
    public ValueTask<TailReply> Begin(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken)
    {
        // A cancellation of the previous use may still be on its way; it must find either the old state or the new.
        lock (_gate)
        {
            (Id, _isCompleted, _isSent, _references, _wireReferences) = (0, false, false, InitialReferences, InitialWireReferences);
            (Outputs, _token) = (model.Layouts.Outputs(request.Partition.Index), cancellationToken);
        }

        (_request, _model, _isReady) = (request, model, false);
        (_header.Report, Reply.AllowsExits) = (null, false);
        request.Progress.Begin(_connection.Fate);
        Headers.Clear(_header);
        (_header.Handle, _header.PlanCheck) = (model.Handle, model.Layouts.Check);
        (_header.Partition, _header.Codec) = ((uint)request.Partition.Index, (uint)codec);
        // 0 stands for 1 and takes no bytes.
        _header.Weight = request.Weight >= 1.5 ? (uint)Math.Min(Math.Round(request.Weight), uint.MaxValue) : 0;
        RequestTrace.Write(_header);
        foreach (var size in request.SymbolSizes) _header.SymbolSizes.Add(size);
        var result = new ValueTask<TailReply>(this, _result.Version);
        _registration = cancellationToken.UnsafeRegister(static (self, token) => ((PendingRequest)self!).Withdraw(token), this);
        // Either the retirement has found it, or it finds the retirement.
        if (_connection.IsRetired) FailUnsent(_connection.CreateRetirementException());
        _ = SendAsync();
        return result;
    }

    /// <summary>The server has answered, or never will; called once for every request that has an id.</summary>
    /// <param name="refusal">Why there are no outputs; null where the reply is whole.</param>
    /// <returns>Work that is due, which hands the result to the caller; null where the caller has not waited for it.</returns>
    public IThreadPoolWorkItem? Complete(Exception? refusal)
    {
        bool isAwaited;
        lock (_gate) isAwaited = TryComplete(refusal);
        if (!isAwaited || refusal is not null) Reply.Release();
        ReleaseWire();
        return isAwaited ? this : null;
    }

    private void Withdraw(CancellationToken token)
    {
        // One lock for both, or the object could begin another request between the check and the end of this one.
        lock (_gate)
            if (_token == token) Fail(new OperationCanceledException(token));
    }

    /// <summary>Ends the request without waiting for the server, which is told once it knows of the request.</summary>
    public void Fail(Exception error)
    {
        bool isKnownToServer;
        lock (_gate)
        {
            if (!TryComplete(error)) return;
            isKnownToServer = _isSent;
        }

        if (isKnownToServer) _connection.Post(new HeaderOnlyMessage(FrameType.Cancel, Id));
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Ends the request if nothing of it has left; the server does not know of it then.</summary>
    public void FailUnsent(Exception error)
    {
        lock (_gate)
            if (Id == 0) Fail(error);
    }

    private bool TryComplete(Exception? error)
    {
        if (_isCompleted) return false;
        (_isCompleted, _error) = (true, error);
        return true;
    }

    private void ReleaseWire()
    {
        if (Interlocked.Decrement(ref _wireReferences) > 0) return;
        _connection.Slots.EndRequest(_model!);
        // An idle object must not keep a model that is closed.
        _model = null;
        Release();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0) return;
        lock (_gate) (_token, _registration) = (default, default);
        _result.Reset();
        _connection.Slots.ReturnToPool(this);
    }
}
