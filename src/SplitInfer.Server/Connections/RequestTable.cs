using SplitInfer.Protocol;
using SplitInfer.Server.Access;
using SplitInfer.Server.Monitoring;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>
/// The requests of one connection that are in flight: neither wholly received nor answered. Holds as many request objects as were in
/// flight at once, and uses them again. Thread-safe.
/// </summary>
internal sealed class RequestTable(FrameConnection connection, ConnectionTerms terms, ServerContext server, ClientMachine machine, KeyAccount? account, ClientName client, ClientTally tally)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ServerRequest> _inFlight = [];
    private readonly Stack<ServerRequest> _pool = [];
    private readonly RequestPipeline _pipeline = new(terms, server);
    private readonly ByteBudget _promised = new(server.Limits.MaxHeldBytesPerConnection, machine.Promised);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;
    private long _idleSince = server.Time.GetTimestamp();
    private volatile bool _isDraining;
    private Refusal _drainRefusal;

    /// <summary>The client.</summary>
    public ClientName Client => client;

    /// <summary>How fast the client's machine may have done what no other limit counts.</summary>
    public ControlPace Pace => machine.Pace;

    /// <summary>What requests of the client's machine say of the quality of their answers.</summary>
    public QualityDemand Quality => machine.Quality;

    /// <summary>Decides which tails run when.</summary>
    public ITailScheduler Scheduler => server.Scheduler;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get { lock (_gate) return _taken; }
    }

    /// <summary>Since when there has been no request of which all has come, as a timestamp; null while there is one.</summary>
    public long? IdleSince
    {
        get { lock (_gate) return _taken == 0 || IsOnlyArriving ? _idleSince : null; }
    }

    /// <summary>Whether too little of some request comes. Those that arrive at the same time take turns, so each has as much more time.</summary>
    public bool HasStalled
    {
        get
        {
            lock (_gate)
            {
                var (arriving, longest) = (0, TimeSpan.Zero);
                var now = server.Time.GetTimestamp();
                foreach (var request in _inFlight.Values)
                {
                    if (!request.IsArriving) continue;
                    arriving++;
                    if (server.Time.GetElapsedTime(request.Pace.KeptAt, now) is var wait && wait > longest) longest = wait;
                }

                return arriving > 0 && longest >= server.Limits.StallTimeout * arriving;
            }
        }
    }

    /// <summary>Whether some of every request in flight is still to come.</summary>
    public bool AreAllArriving
    {
        get { lock (_gate) return IsOnlyArriving; }
    }

    private bool IsOnlyArriving
    {
        get
        {
            foreach (var request in _inFlight.Values)
                if (!request.IsArriving) return false;
            return _taken == _inFlight.Count;
        }
    }

    /// <summary>Why new requests are refused; null where they are not.</summary>
    public Refusal? DrainRefusal => _isDraining ? _drainRefusal : null;

    /// <summary>Accepts no new requests.</summary>
    /// <param name="refusal">What they are told.</param>
    /// <returns>Done once none is in flight.</returns>
    public Task DrainAsync(Refusal refusal)
    {
        lock (_gate)
        {
            if (!_isDraining) _drainRefusal = refusal;
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

        return DrainAsync(Refusal.ShuttingDown);
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
            var request = _pool.TryPop(out var pooled) ? pooled : new(this, new(_promised, machine.Held));
            request.Begin(id, server.Time.GetTimestamp());
            _inFlight.Add(id, request);
            return request;
        }
    }

    /// <summary>Counts a request among those of the client's key.</summary>
    /// <returns>Why it cannot be; null where it is, or the client has no key.</returns>
    public Refusal? TakePlace(ServerRequest request)
    {
        if (account?.TryBegin() is { } busy) return busy;
        request.HoldsPlace = account is not null;
        return null;
    }

    /// <summary>Gets a request that was received whole ready to run, and hands it to the scheduler.</summary>
    public Task BeginWorkAsync(ServerRequest request) => _pipeline.BeginAsync(request);

    /// <summary>Replies to a request that has run, or will not, and ends it.</summary>
    public async Task ReplyAsync(ServerRequest request)
    {
        try
        {
            _pipeline.Complete(request);
            if (request.Refusal is { } refusal) server.Log.RequestRefused(refusal);
            await connection.Writer.SendAsync(request.Reply).ConfigureAwait(false);
            request.IsReplied = true;
        }
        catch (Exception exception)
        {
            // The connection failed, or a codec in the middle of a reply, which cannot be taken back; the reader is told, and ends it.
            connection.Abort(exception);
        }

        End(request);
    }

    /// <summary>Makes room for another request, since no more of this one is to come than what is being sent.</summary>
    public void Remove(ServerRequest request)
    {
        GiveBackPlace(request);
        lock (_gate) _inFlight.Remove(request.Id);
    }

    /// <summary>Ends a request and returns its object to the pool.</summary>
    public void End(ServerRequest request)
    {
        GiveBackPlace(request);
        server.Scheduler.Forget(request);
        // What is refused is no use of the connection, and keeps it from no one.
        var isUse = request.Refusal is null;
        Record(request);
        request.Release(server.Time.GetTimestamp());
        lock (_gate)
        {
            _inFlight.Remove(request.Id);
            _pool.Push(request);
            _taken--;
            if (_taken == 0 && isUse) _idleSince = server.Time.GetTimestamp();
            if (_isDraining && _taken == 0) _idle.TrySetResult();
        }
    }

    private void Record(ServerRequest request)
    {
        var times = request.Reply.Header;
        // One whose connection ended before its reply was sent was of no use to anyone.
        var refusal = request.Refusal?.Code ?? (request.IsReplied ? null : (RefusalCode?)RefusalCode.Cancelled);
        Show(request, refusal);
        server.Recorder.End(new()
        {
            Model = request.ModelName,
            Client = client.Text,
            Parent = request.Parent,
            BeganAt = request.BeganAt,
            Refusal = refusal,
            Reason = request.Refusal?.Message,
            Partition = request.Partition?.Index ?? 0,
            Codec = request.Payload.Codec?.Name,
            BytesReceived = request.Payload.Received,
            BytesSent = request.Reply.Sent,
            Together = request.Together,
            ReceiveMicroseconds = server.Time.GetElapsedTime(request.BeganAt, request.ReceivedAt).TotalMicroseconds,
            DecodeMicroseconds = times.DecodeUs,
            QueueMicroseconds = times.QueueUs,
            RunMicroseconds = times.RunUs,
            EncodeMicroseconds = times.EncodeUs,
            Exit = request.Exits is null ? null : (int)times.Exit,
        });
    }

    /// <summary>Tells those who watch.</summary>
    private void Show(ServerRequest request, RefusalCode? refusal)
    {
        var times = request.Reply.Header;
        var activity = new RequestActivity
        {
            Client = tally.Number,
            Model = request.ModelName,
            Version = request.ModelVersion,
            Refusal = refusal,
            Partition = request.Partition?.Index ?? 0,
            Codec = request.Payload.Codec?.Name,
            BytesReceived = request.Payload.Received,
            BytesSent = request.Reply.Sent,
            Receive = server.Time.GetElapsedTime(request.BeganAt, request.ReceivedAt),
            Decode = TimeSpan.FromMicroseconds(times.DecodeUs),
            Queue = TimeSpan.FromMicroseconds(times.QueueUs),
            Run = TimeSpan.FromMicroseconds(times.RunUs),
            Encode = TimeSpan.FromMicroseconds(times.EncodeUs),
            Exit = (int)times.Exit,
            Report = request.Report,
        };
        tally.Add(activity);
        if (server.Feed.IsWatched) server.Feed.Publish(activity);
    }

    private void GiveBackPlace(ServerRequest request)
    {
        if (!request.HoldsPlace) return;
        request.HoldsPlace = false;
        account!.End();
    }
}

/// <summary>What a client is called.</summary>
/// <param name="Number">A number that is used once, for schedulers.</param>
/// <param name="Machine">Where it connects from, or the name of its key.</param>
/// <param name="Text">Its address and the name of its key, for logs.</param>
internal readonly record struct ClientName(long Number, string Machine, string Text);
