using System.Threading.Tasks.Sources;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>
/// One request from the call to its result. The caller awaits it, the writer takes its frames, and the reader brings its
/// reply; it is settled once, by whichever of reply, withdrawal and loss comes first, and used again only when all
/// three have let go of it.
/// </summary>
internal sealed class ServerCall : IValueTaskSource<TailReply>, IThreadPoolWorkItem, IOutgoingMessage
{
    // The caller holds the call until it has the result, and the wire until the sending has ended and the server has answered.
    private const int Holders = 2;
    private const int WireHolders = 2;

    private readonly Lock _gate = new();
    private readonly ServerConnection _owner;
    private readonly OutgoingPayload _payload = new();
    private readonly RequestHeader _header = new();
    private readonly TimeProvider _time;
    private ManualResetValueTaskSourceCore<TailReply> _result;
    private Exception? _error;
    private TailRequest? _request;
    private bool _isReady;
    private CancellationToken _token;
    private CancellationTokenRegistration _withdrawal;
    private bool _isSettled;
    private bool _isSent;
    private int _holders;
    private int _wireHolders;

    public ServerCall(ServerConnection owner, TimeProvider time) => (_owner, _time) = (owner, time);

    /// <summary>Its number on the wire; 0 while no frame of it was sent.</summary>
    public ulong Id { get; private set; }

    /// <summary>How the outputs that are due are laid out.</summary>
    public BoundaryLayout Outputs { get; private set; } = null!;

    /// <summary>What has come of the reply.</summary>
    public IncomingReply Reply { get; } = new();

    /// <summary>Sends the request.</summary>
    /// <param name="request">What to send.</param>
    /// <param name="model">The model that it is for.</param>
    /// <param name="codec">The codec's index on the wire.</param>
    /// <param name="cancellationToken">Withdraws the request.</param>
    public ValueTask<TailReply> Begin(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken)
    {
        // A withdrawal of the last use may still be on its way; it finds either the old state or the new.
        lock (_gate)
        {
            (Id, _isSettled, _isSent, _holders, _wireHolders) = (0, false, false, Holders, WireHolders);
            (Outputs, _token) = (model.Layouts.Outputs(request.Partition.Index), cancellationToken);
        }

        (_request, _isReady) = (request, false);
        Headers.Clear(_header);
        (_header.Handle, _header.PlanCheck) = (model.Handle, model.Layouts.Check);
        (_header.Partition, _header.Codec) = ((uint)request.Partition.Index, (uint)codec);
        RequestTrace.Write(_header);
        foreach (var size in request.SymbolSizes) _header.SymbolSizes.Add(size);
        var result = new ValueTask<TailReply>(this, _result.Version);
        _withdrawal = cancellationToken.UnsafeRegister(static (self, token) => ((ServerCall)self!).Withdraw(token), this);
        _ = SendAsync();
        return result;
    }

    public void Prepare()
    {
        // The boundary is the caller's, who may change it as soon as the call is settled: so not while a slab is encoded.
        lock (_gate)
        {
            if (_isSettled) return;
            try
            {
                if (_isReady) _payload.Prepare();
                else PrepareFirst(_request!);
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }
    }

    public bool WriteFrame(OutgoingFrame frame)
    {
        // Nor while a frame takes from it.
        lock (_gate)
        {
            if (_isSettled) return Id != 0 && new HeaderOnlyMessage(FrameType.Cancel, Id).WriteFrame(frame);
            if (Id == 0)
            {
                _header.BudgetUs = _request!.Remaining is { } remaining ? (ulong)Math.Max(1, remaining.TotalMicroseconds) : 0;
                Id = _owner.Register(this);
                frame.Begin(FrameType.Request, Id, _header);
            }
            else
            {
                frame.Begin(FrameType.Data, Id);
            }

            frame.Add(_payload);
            _request!.Progress.BytesSent = _payload.Taken;
            _isSent = _payload.IsTaken;
            frame.End(_isSent);
            return !_isSent;
        }
    }

    /// <summary>The server has answered, or never will; called once for every call that has an id.</summary>
    /// <param name="refusal">Why there are no outputs; null where the reply is whole.</param>
    /// <returns>What is due: handing the result to the caller; null where the caller has not waited for it.</returns>
    public IThreadPoolWorkItem? Answer(Exception? refusal)
    {
        bool isAwaited;
        lock (_gate) isAwaited = TrySettle(refusal);
        if (!isAwaited || refusal is not null) Reply.Release();
        LetGoOfWire();
        return isAwaited ? this : null;
    }

    /// <summary>Hands the result to the caller.</summary>
    public void Execute()
    {
        TailReply? reply = null;
        if (_error is null)
        {
            try
            {
                reply = Reply.Decode();
            }
            catch (Exception exception)
            {
                _error = exception;
            }

            Reply.Release();
        }

        if (reply is null) _result.SetException(_error!);
        else _result.SetResult(reply);
    }

    public TailReply GetResult(short token)
    {
        try
        {
            return _result.GetResult(token);
        }
        finally
        {
            _withdrawal.Unregister();
            LetGo();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _result.OnCompleted(continuation, state, token, flags);

    private void PrepareFirst(TailRequest request)
    {
        var began = _time.GetTimestamp();
        _payload.Open(request.Codec, request.Boundary);
        _payload.Prepare();
        request.Progress.EncodeSeconds = _time.GetElapsedTime(began).TotalSeconds;
        _isReady = true;
    }

    private async Task SendAsync()
    {
        try
        {
            await _owner.Writer.SendAsync(this).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(await _owner.LoseAsync(exception).ConfigureAwait(false));
        }

        _payload.Clear();
        _request = null;
        if (Id == 0) LetGoOfWire();
        LetGoOfWire();
    }

    private void Withdraw(CancellationToken token)
    {
        lock (_gate)
            if (_token != token) return;
        Fail(new OperationCanceledException(token));
    }

    /// <summary>Ends the call without waiting for the server, which is told once it knows of the request.</summary>
    private void Fail(Exception error)
    {
        bool isKnownThere;
        lock (_gate)
        {
            if (!TrySettle(error)) return;
            isKnownThere = _isSent;
        }

        if (isKnownThere) _owner.Post(new HeaderOnlyMessage(FrameType.Cancel, Id));
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TrySettle(Exception? error)
    {
        if (_isSettled) return false;
        (_isSettled, _error) = (true, error);
        return true;
    }

    private void LetGoOfWire()
    {
        if (Interlocked.Decrement(ref _wireHolders) > 0) return;
        _owner.EndFlight();
        LetGo();
    }

    private void LetGo()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        lock (_gate) (_token, _withdrawal) = (default, default);
        _result.Reset();
        _owner.Rest(this);
    }
}
