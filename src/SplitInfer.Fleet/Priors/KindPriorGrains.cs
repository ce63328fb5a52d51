namespace SplitInfer.Fleet.Priors;

/// <summary>The sum of one kind of device of a region. Its key is the region's name and that of the kind, with a slash between.</summary>
[Alias("SplitInfer.Fleet.IKindPriorGrain")]
internal interface IKindPriorGrain : IGrainWithStringKey
{
    /// <summary>The sum; empty where there is none.</summary>
    [Alias("Get")]
    ValueTask<byte[]> GetAsync();

    /// <summary>Adds a share.</summary>
    /// <returns>Why it is refused; null where it is added.</returns>
    [Alias("Contribute")]
    ValueTask<string?> ContributeAsync(byte[] share);
}

/// <summary>The kinds of a region, by its name. Asked once for each kind.</summary>
[Alias("SplitInfer.Fleet.IKindIndexGrain")]
internal interface IKindIndexGrain : IGrainWithStringKey
{
    /// <summary>Takes a kind in; false where there are too many.</summary>
    [Alias("Admit")]
    ValueTask<bool> AdmitAsync(string kind);
}

/// <summary>What is kept of a kind.</summary>
[GenerateSerializer, Alias("SplitInfer.Fleet.KindState")]
internal sealed class KindState
{
    /// <summary>The sum.</summary>
    [Id(0)]
    public byte[] Sum { get; set; } = [];
}

/// <summary>What is kept of the kinds of a region.</summary>
[GenerateSerializer, Alias("SplitInfer.Fleet.KindsState")]
internal sealed class KindsState
{
    /// <summary>Their names.</summary>
    [Id(0)]
    public string[] Kinds { get; set; } = [];
}

/// <summary>How many kinds a region has at most.</summary>
/// <param name="MaxKinds">The most kinds.</param>
internal sealed record KindLimit(int MaxKinds);

/// <inheritdoc cref="IKindPriorGrain"/>
internal sealed class KindPriorGrain([PersistentState("kind", KindPriorGrain.Storage)] IPersistentState<KindState> kept, IKindPriorAdder adder, KindLimit limit) : Grain, IKindPriorGrain
{
    /// <summary>The name of the storage that keeps sums.</summary>
    public const string Storage = "splitinfer";

    private readonly KindSum _sum = new(adder);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _sum.Bytes = kept.State.Sum ?? [];
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> GetAsync() => ValueTask.FromResult(_sum.Bytes);

    /// <inheritdoc/>
    public async ValueTask<string?> ContributeAsync(byte[] share)
    {
        var (before, key) = (_sum.Bytes, this.GetPrimaryKeyString());
        // What is no share makes no kind.
        if (_sum.Add(share) is { } refusal) return refusal;
        try
        {
            var at = key.IndexOf('/', StringComparison.Ordinal);
            if (before.Length == 0 && !await GrainFactory.GetGrain<IKindIndexGrain>(key[..at]).AdmitAsync(key[(at + 1)..]))
            {
                _sum.Bytes = before;
                return $"The region has {limit.MaxKinds} kinds of devices, as many as it may. Give the device a kind that there is.";
            }

            kept.State.Sum = _sum.Bytes;
            await kept.WriteStateAsync();
        }
        catch
        {
            // Whoever contributed is told that it failed, and may contribute again.
            _sum.Bytes = kept.State.Sum = before;
            throw;
        }

        return null;
    }
}

/// <inheritdoc cref="IKindIndexGrain"/>
internal sealed class KindIndexGrain([PersistentState("kinds", KindPriorGrain.Storage)] IPersistentState<KindsState> kept, KindLimit limit) : Grain, IKindIndexGrain
{
    private readonly KnownKinds _kinds = new(limit.MaxKinds);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in kept.State.Kinds ?? []) _ = _kinds.Admit(kind);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> AdmitAsync(string kind)
    {
        if (!_kinds.Admit(kind)) return false;
        if (kept.State.Kinds?.Length == _kinds.All.Length) return true;
        kept.State.Kinds = _kinds.All;
        await kept.WriteStateAsync();
        return true;
    }
}
