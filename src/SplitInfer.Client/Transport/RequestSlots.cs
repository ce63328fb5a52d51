using System.Diagnostics.CodeAnalysis;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Transport;

/// <summary>
/// Sends as many requests at a time on one connection as the server takes, and closes a connection that is drained when nothing is in flight
/// any more. Holds as many request objects as were in flight at once, and uses them again. Thread-safe.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="address">The server's address, for messages.</param>
/// <param name="time">The clock.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A disposed semaphore leaves its waiters waiting for ever; it holds no handle.")]
internal sealed class RequestSlots(ServerConnection connection, string address, TimeProvider time)
{
    private readonly SemaphoreSlim _free = new(0);
    private readonly Lock _gate = new();
    private readonly List<PendingRequest> _requests = [];
    private readonly Stack<PendingRequest> _pool = [];
    private int _inFlight;
    private bool _isDraining;
    private int _isClosed;

    /// <summary>Whether new requests are refused.</summary>
    public bool IsDraining => Volatile.Read(ref _isDraining);

    /// <summary>Lets so many more requests be in flight.</summary>
    public void Add(int slots) => _free.Release(slots);

    /// <summary>Lets all who wait for a slot find out that the connection takes nothing new.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0) _free.Release(int.MaxValue / 2);
    }

    /// <summary>Sends a request once a slot is free.</summary>
    /// <exception cref="TailRefusedException">With <see cref="RefusalCode.ModelClosed"/> where the connection takes no new requests.</exception>
    public ValueTask<TailReply> SendAsync(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken) =>
        _free.Wait(0, CancellationToken.None)
            ? Begin(request, model, codec, cancellationToken)
            : WaitAndSendAsync(request, model, codec, cancellationToken);

    /// <summary>A request has ended, so another may begin.</summary>
    public void EndRequest(OpenedModel model)
    {
        bool isLast, isLastOfModel;
        lock (_gate)
        {
            isLast = --_inFlight == 0 && _isDraining;
            isLastOfModel = --model.InFlight == 0 && model.ClosesWhenIdle;
        }

        if (isLastOfModel) connection.CloseModel(model.Handle);
        _free.Release();
        if (isLast) connection.Close();
    }

    /// <summary>A model is being opened: it needs no slot, but keeps the connection.</summary>
    public void BeginOpening()
    {
        lock (_gate) _inFlight++;
    }

    /// <summary>The server has answered about a model.</summary>
    public void EndOpening()
    {
        bool isLast;
        lock (_gate) isLast = --_inFlight == 0 && _isDraining;
        if (isLast) connection.Close();
    }

    /// <summary>Accepts no new requests, lets what is in flight end, and then closes the connection.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            _isDraining = true;
            if (_inFlight > 0) return;
        }

        connection.Close();
    }

    /// <summary>Ends the requests of which nothing has left.</summary>
    /// <param name="error">What each is told.</param>
    public void LetGo(Func<Exception> error)
    {
        PendingRequest[] requests;
        lock (_gate) requests = [.. _requests];
        foreach (var request in requests) request.FailUnsent(error());
    }

    /// <summary>Has new requests open a model anew, lets those in flight end, and then closes it, so that no request meets a closed model.</summary>
    public void Drain(OpenedModel model)
    {
        model.MarkClosed();
        lock (_gate)
        {
            model.ClosesWhenIdle = true;
            if (model.InFlight > 0) return;
        }

        connection.CloseModel(model.Handle);
    }

    /// <summary>Keeps a request object for another request.</summary>
    public void ReturnToPool(PendingRequest request)
    {
        lock (_gate) _pool.Push(request);
    }

    private async ValueTask<TailReply> WaitAndSendAsync(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await Begin(request, model, codec, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<TailReply> Begin(TailRequest request, OpenedModel model, int codec, CancellationToken cancellationToken)
    {
        PendingRequest? pending = null;
        lock (_gate)
        {
            if (!_isDraining && !model.ClosesWhenIdle)
            {
                connection.ThrowIfEnded();
                _inFlight++;
                model.InFlight++;
                if (!_pool.TryPop(out pending)) _requests.Add(pending = new(connection, time));
            }
        }

        if (pending is not null) return pending.Begin(request, model, codec, cancellationToken);
        _free.Release();
        throw new TailRefusedException(RefusalCode.ModelClosed, $"The server at {address} takes no new requests on this connection, or for this model. Send the request again, which opens the model anew.");
    }
}
