namespace SplitInfer.Server.Models;

/// <summary>The right to use one version of a model. Dispose it once. The default value leases nothing.</summary>
internal readonly struct ModelLease : IDisposable
{
    private readonly CountedModel? _counted;

    /// <summary>Leases a model that its owner keeps for longer than any lease.</summary>
    public ModelLease(IServedModel model) => Model = model;

    /// <summary>Takes over one reference to a model.</summary>
    internal ModelLease(CountedModel counted) => (_counted, Model) = (counted, counted.Model);

    /// <summary>The model.</summary>
    public IServedModel Model { get; }

    /// <summary>Another lease of the same model. This one must not have been disposed.</summary>
    public ModelLease AddReference()
    {
        _counted?.AddReference();
        return this;
    }

    /// <summary>Another lease of the same model, where this one may have been disposed meanwhile.</summary>
    /// <param name="lease">The lease, if the model still is.</param>
    public bool TryAddReference(out ModelLease lease)
    {
        lease = this;
        return _counted?.TryAddReference() != false;
    }

    /// <inheritdoc/>
    public void Dispose() => _counted?.Release();
}

/// <summary>Counts the references to a model, and disposes it with the last. Begins with one. Thread-safe.</summary>
internal sealed class CountedModel(IServedModel model)
{
    private int _references = 1;

    /// <summary>The model.</summary>
    public IServedModel Model => model;

    /// <summary>How many there are.</summary>
    public int References => Volatile.Read(ref _references);

    /// <summary>Counts one more, where another is known to be held.</summary>
    public void AddReference() => Interlocked.Increment(ref _references);

    /// <summary>Counts one more, unless the last has gone.</summary>
    public bool TryAddReference()
    {
        for (var references = Volatile.Read(ref _references); references > 0;)
        {
            var found = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (found == references) return true;
            references = found;
        }

        return false;
    }

    /// <summary>Gives one back.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0) model.Dispose();
    }
}
