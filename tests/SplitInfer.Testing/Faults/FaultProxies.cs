namespace SplitInfer.Testing.Faults;

/// <summary>A proxy for each of several clients of one server, so that it is known of each client whether it has met a fault.</summary>
internal sealed class FaultProxies : IAsyncDisposable
{
    private readonly List<FaultProxy> _all = [];
    private Uri _target;
    private Func<int, ConnectionScript> _script = static _ => ConnectionScript.Clean;

    /// <param name="target">The server.</param>
    public FaultProxies(Uri target) => _target = target;

    /// <summary>The server that new connections go to.</summary>
    public Uri Target
    {
        get => _target;
        set
        {
            _target = value;
            foreach (var proxy in _all) proxy.Target = value;
        }
    }

    /// <summary>What happens to new connections of each client, by their number from 0.</summary>
    public Func<int, ConnectionScript> Script
    {
        get => _script;
        set
        {
            _script = value;
            foreach (var proxy in _all) proxy.Script = value;
        }
    }

    /// <summary>Whether every client has met a fault, as <see cref="FaultProxy.Fired"/> tells.</summary>
    public bool HasFiredForAll => _all.TrueForAll(static proxy => proxy.Fired > 0);

    /// <summary>Whether every client is left unanswered, as <see cref="FaultProxy.IsBacklogFull"/> tells.</summary>
    public bool AreBacklogsFull => _all.TrueForAll(static proxy => proxy.IsBacklogFull);

    /// <summary>Starts one more.</summary>
    public FaultProxy Add()
    {
        var proxy = FaultProxy.Start(_target);
        proxy.Script = _script;
        _all.Add(proxy);
        return proxy;
    }

    /// <summary>Does something to the connections that are there.</summary>
    public void ForEach(Action<FaultConnection> action) => _all.ForEach(proxy => proxy.ForEach(action));

    /// <summary>Brings a fault to the connections that are there, of which each client must have one.</summary>
    public void Inflict(Action<FaultConnection> fault) => _all.ForEach(proxy => proxy.Inflict(fault));

    /// <summary>Refuses new connections until <see cref="ResumeAsync"/>.</summary>
    public void Refuse() => _all.ForEach(static proxy => proxy.Refuse());

    /// <summary>Leaves new connections unanswered until <see cref="ResumeAsync"/>.</summary>
    public Task FillBacklogAsync() => Task.WhenAll(_all.Select(static proxy => proxy.FillBacklogAsync()));

    /// <summary>Accepts connections again.</summary>
    public Task ResumeAsync() => Task.WhenAll(_all.Select(static proxy => proxy.ResumeAsync()));

    /// <summary>Resets all connections and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _all) await proxy.DisposeAsync();
    }
}
