namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A server, with the link to it, that does in virtual time what a test says.</summary>
internal sealed class ScriptedServer(VirtualTime time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<ServerAct> _acts = [];
    private readonly CancellationTokenSource _closing = new();
    private int _timesClosed;
    private int _received;
    private int _running;
    private int _stopping;
    private int _withdrawn;
    private int _pings;
    private int _pinging;

    /// <summary>What it does with requests for which <see cref="Then"/> says nothing.</summary>
    public ServerAct Act { get; set; } = ServerAct.Never;

    /// <summary>What its offline profile says, s by partition; empty where it made none.</summary>
    public System.Collections.Immutable.ImmutableArray<double> Profile { get; set; } = [];

    /// <summary>What it does with pings.</summary>
    public ServerAct Ping { get; set; } = new(TimeSpan.Zero);

    /// <summary>Since when it has shown no sign of life; null where it shows some.</summary>
    public TimeSpan? SilentSince { get; set; }

    /// <summary>Whether the transport tells of its silence.</summary>
    public bool IsWatched { get; set; }

    /// <summary>For how long it has shown no sign of life.</summary>
    public TimeSpan Silence => SilentSince is { } since ? time.Now - since : TimeSpan.Zero;

    /// <summary>How long a request takes to leave, of which the transport then tells; null where it does not tell.</summary>
    public TimeSpan? Sending { get; set; }

    /// <summary>How long a request is encoded before its first bytes can leave.</summary>
    public TimeSpan Encoding { get; set; }

    public int Received => Volatile.Read(ref _received);

    /// <summary>Requests that are under way.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>What it last answered; null where it has answered nothing.</summary>
    public float[]? LastAnswer { get; private set; }

    /// <summary>Requests and pings that are told to end and have yet to.</summary>
    public int Stopping => Volatile.Read(ref _stopping);

    /// <summary>Requests that have ended because they were withdrawn.</summary>
    public int Withdrawn => Volatile.Read(ref _withdrawn);

    public int Pings => Volatile.Read(ref _pings);

    /// <summary>Pings that are under way.</summary>
    public int Pinging => Volatile.Read(ref _pinging);

    /// <summary>How often the connection was closed.</summary>
    public int TimesClosed => Volatile.Read(ref _timesClosed);

    /// <summary>What it does with the next requests, one after the other.</summary>
    public ScriptedServer Then(ServerAct act)
    {
        lock (_gate) _acts.Enqueue(act);
        return this;
    }

    /// <summary>Runs a tail.</summary>
    /// <param name="stages">How many stages of the model ran already.</param>
    /// <param name="boundary">What crosses, read as late as can be.</param>
    /// <param name="sent">Called when the boundary can leave.</param>
    /// <param name="left">Called when it has left, where the transport tells.</param>
    /// <param name="stop">Withdraws the request.</param>
    public async Task<float[]> AnswerAsync(int stages, Func<float[]> boundary, Action sent, Action left, CancellationToken stop)
    {
        ServerAct act;
        lock (_gate) act = _acts.TryDequeue(out var next) ? next : Act;
        // Whoever sees that it runs may move the clock to its end.
        var travelling = TravelAsync(act, sent, left, stop);
        Interlocked.Increment(ref _running);
        Interlocked.Increment(ref _received);
        try
        {
            await travelling.ConfigureAwait(false);
            // Whatever becomes of the request, what it sends must be there until it ends.
            var values = boundary();
            if (act.Fault != Fault.None) throw new ScriptedFault(act.Fault);
            return LastAnswer = ThreeStages.Run(values, stages, ThreeStages.Count);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            boundary();
            Interlocked.Increment(ref _withdrawn);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>Answers a ping with the time that it took.</summary>
    public async Task<TimeSpan> PingAsync(CancellationToken stop)
    {
        var (act, began) = (Ping, time.Now);
        var answering = WaitAsync(act, stop);
        Interlocked.Increment(ref _pinging);
        Interlocked.Increment(ref _pings);
        try
        {
            await answering.ConfigureAwait(false);
            return act.Fault == Fault.None ? time.Now - began : throw new ScriptedFault(act.Fault);
        }
        finally
        {
            Interlocked.Decrement(ref _pinging);
        }
    }

    /// <summary>Closes the connection; what is under way fails.</summary>
    public void Dispose()
    {
        if (Interlocked.Increment(ref _timesClosed) == 1) _closing.Cancel();
    }

    private async Task TravelAsync(ServerAct act, Action sent, Action left, CancellationToken stop)
    {
        if (Encoding > TimeSpan.Zero) await WaitAsync(act with { After = Encoding, IsUnstoppable = false }, stop).ConfigureAwait(false);
        sent();
        if (Sending is { } sending)
        {
            await WaitAsync(act with { After = sending, IsUnstoppable = false }, stop).ConfigureAwait(false);
            left();
        }

        await WaitAsync(act, stop).ConfigureAwait(false);
    }

    private async Task WaitAsync(ServerAct act, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _closing.Token);
        try
        {
            await time.DelayAsync(act.After ?? Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            var stopping = time.DelayAsync(act.StopsIn, CancellationToken.None);
            Interlocked.Increment(ref _stopping);
            await stopping.ConfigureAwait(false);
            Interlocked.Decrement(ref _stopping);
            if (!stop.IsCancellationRequested) throw new ScriptedFault(Fault.Closed);
            if (act.IsUnstoppable) return;
            throw new OperationCanceledException(stop);
        }
    }
}
