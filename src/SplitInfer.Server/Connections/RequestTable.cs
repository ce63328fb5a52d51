using SplitInfer.Protocol;

namespace SplitInfer.Server.Connections;

/// <summary>
/// The requests of one connection that are in flight: neither wholly received nor answered. Holds as many request objects as were in
/// flight at once, and uses them again. Thread-safe.
/// </summary>
internal sealed class RequestTable(FrameConnection connection, ConnectionTerms terms, ServerContext server)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ServerRequest> _inFlight = [];
    private readonly Stack<ServerRequest> _pool = [];
    private readonly RequestPipeline _pipeline = new(terms, server);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;
    private volatile bool _isDraining;

    /// <summary>The server's allowance of bytes.</summary>
    public Scheduling.ByteBudget Budget => server.Budget;

    /// <summary>Decides which tails run when.</summary>
    public Scheduling.ITailScheduler Scheduler => server.Scheduler;

    /// <summary>Whether new requests are refused.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Accepts no new requests.</summary>
    /// <returns>Done once none is in flight.</returns>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            _isDraining = true;
            if (_taken == 0) _idle.TrySetResult();
        }

        return _idle.Task;
    }

    /// <summary>Stops what is in flight. The reader must have ended.</summary>
    /// <returns>Done once nothing runs.</returns>
    public Task StopAsync()
    {
        ServerRequest[] requests;
        lock (_gate)
        {
            requests = [.. _inFlight.Values];
        }

        foreach (var request in requests)
        {
            if (request.IsArriving) End(request);
            else request.Withdraw(request.Stop);
        }

        return DrainAsync();
    }

    /// <summary>The request with that id; null where none is in flight.</summary>
    public ServerRequest? Find(ulong id) => Find(id, out _);

    /// <summary>The request with that id, and what stops it, which stays that of this request when the object is used again.</summary>
    public ServerRequest? Find(ulong id, out CancellationTokenSource? stop)
    {
        lock (_gate)
        {
            var request = _inFlight.GetValueOrDefault(id);
            stop = request?.Stop;
            return request;
        }
    }

    /// <summary>Begins a request.</summary>
    /// <exception cref="ProtocolException">The client has as many in flight as it may.</exception>
    public ServerRequest Begin(ulong id)
    {
        lock (_gate)
        {
            if (_inFlight.Count >= server.Limits.MaxInFlight)
                throw ProtocolException.Violation($"request {id} is over the {server.Limits.MaxInFlight} that may be in flight");
            _taken++;
            var request = _pool.TryPop(out var pooled) ? pooled : new(this);
            request.Begin(id);
            _inFlight.Add(id, request);
            return request;
        }
    }

    /// <summary>Gets a request that was received whole ready to run, and hands it to the scheduler.</summary>
    public Task BeginWorkAsync(ServerRequest request) => _pipeline.BeginAsync(request);

    /// <summary>Replies to a request that has run, or will not, and ends it.</summary>
    public async Task ReplyAsync(ServerRequest request)
    {
        try
        {
            _pipeline.Complete(request);
            await connection.Writer.SendAsync(request.Reply).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // The connection failed, or a codec in the middle of a reply, which cannot be taken back; the reader is told, and ends it.
            connection.Abort(exception);
        }

        End(request);
    }

    /// <summary>Makes room for another request, though the object of this one is still in use.</summary>
    public void Remove(ServerRequest request)
    {
        lock (_gate) _inFlight.Remove(request.Id);
    }

    /// <summary>Ends a request and returns its object to the pool.</summary>
    public void End(ServerRequest request)
    {
        request.Release();
        lock (_gate)
        {
            _inFlight.Remove(request.Id);
            _pool.Push(request);
            _taken--;
            if (_isDraining && _taken == 0) _idle.TrySetResult();
        }
    }
}
