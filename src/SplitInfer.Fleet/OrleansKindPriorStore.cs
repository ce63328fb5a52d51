using Microsoft.Extensions.Logging;
using SplitInfer.Fleet.Names;
using SplitInfer.Fleet.Priors;

namespace SplitInfer.Fleet;

/// <summary>What kinds of devices have learned, kept by the silos of a region. Each call ends within <see cref="FleetClientOptions.Timeout"/>. Safe for concurrent use; disposing it twice is safe.</summary>
/// <remarks>A call that fails may have been carried out all the same: a share that is contributed again then counts twice.</remarks>
public sealed class OrleansKindPriorStore : IKindPriorStore, IAsyncDisposable
{
    private readonly FleetCalls _calls;

    /// <summary>Connects in the background, and again whenever that is lost.</summary>
    /// <param name="options">Where the silos are.</param>
    /// <param name="loggers">Where Orleans logs; null for nowhere.</param>
    /// <param name="clock">The clock of timeouts; null for that of the system.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    public OrleansKindPriorStore(FleetClientOptions options, ILoggerFactory? loggers = null, TimeProvider? clock = null) => _calls = new(options, loggers, clock);

    /// <summary>Uses a client that the application has, and disposes of itself.</summary>
    /// <param name="client">The client of the cluster.</param>
    /// <param name="region">The region.</param>
    /// <param name="timeout">How long one call may take; null for 1 s.</param>
    /// <param name="clock">The clock of timeouts; null for that of the system.</param>
    /// <exception cref="ArgumentException">The region cannot be used.</exception>
    public OrleansKindPriorStore(IClusterClient client, string region, TimeSpan? timeout = null, TimeProvider? clock = null) => _calls = new(client, region, models: null, timeout, clock);

    /// <inheritdoc/>
    /// <exception cref="FleetUnavailableException">No silo has answered in time.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(string kind, CancellationToken cancellationToken = default)
    {
        var key = KeyOf(kind);
        var sum = await _calls.AskAsync(client => client.GetGrain<IKindPriorGrain>(key).GetAsync().AsTask(), cancellationToken);
        // A bare null would become an empty memory.
        return sum.Length > 0 ? sum : default(ReadOnlyMemory<byte>?);
    }

    /// <inheritdoc/>
    /// <exception cref="FleetUnavailableException">No silo has answered in time.</exception>
    public async ValueTask ContributeAsync(string kind, ReadOnlyMemory<byte> share, CancellationToken cancellationToken = default)
    {
        var (key, bytes) = (KeyOf(kind), share.ToArray());
        if (await _calls.AskAsync(client => client.GetGrain<IKindPriorGrain>(key).ContributeAsync(bytes).AsTask(), cancellationToken) is { } refusal) throw new FormatException($"The share of kind '{kind}' is refused: {refusal}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _calls.DisposeAsync();

    private string KeyOf(string kind) => FleetName.IsOne(kind) ? $"{_calls.Region}/{kind}" : throw new ArgumentException($"A kind of device is named by {FleetName.Rule}.", nameof(kind));
}
