using System.Net;
using Microsoft.Extensions.Logging;
using SplitInfer.Fleet.Prices;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Fleet;

/// <summary>
/// The coordination of servers by a fleet: each call is one to the grain of a region, and ends within <see cref="FleetClientOptions.Timeout"/>. A report is up to 88 bytes and a price 17.
/// Safe for concurrent use, by any number of nodes; disposing it twice is safe.
/// </summary>
public sealed class OrleansCoordination : IQualityCoordination
{
    private readonly FleetCalls _calls;

    /// <summary>Connects in the background, and again whenever that is lost. Needs no silo to be there yet.</summary>
    /// <param name="options">Where the coordinator is.</param>
    /// <param name="loggers">Where Orleans logs; null for nowhere.</param>
    /// <param name="clock">The clock of timeouts; null for that of the system.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message names it.</exception>
    public OrleansCoordination(FleetClientOptions options, ILoggerFactory? loggers = null, TimeProvider? clock = null) => _calls = new(options, loggers, clock);

    /// <summary>Uses a client that the application has, and disposes of itself.</summary>
    /// <param name="client">The client of the cluster.</param>
    /// <param name="region">The region.</param>
    /// <param name="models">The set of models, where the region is divided by them; null where it is not.</param>
    /// <param name="timeout">How long one call may take; null for 1 s.</param>
    /// <param name="clock">The clock of timeouts; null for that of the system.</param>
    /// <exception cref="ArgumentException">A name cannot be used.</exception>
    public OrleansCoordination(IClusterClient client, string region, string? models = null, TimeSpan? timeout = null, TimeProvider? clock = null) => _calls = new(client, region, models, timeout, clock);

    /// <inheritdoc/>
    /// <exception cref="NodeRefusedException">The coordinator does not take the node; the message says why.</exception>
    /// <exception cref="FleetUnavailableException">No silo has answered in time.</exception>
    public async ValueTask<uint> JoinAsync(string node, IReadOnlyList<QualityCurve> curves, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        ArgumentNullException.ThrowIfNull(curves);
        CurveMessage[] messages = [.. curves.Select(CurveMessage.Of)];
        var reply = await _calls.AskAsync(client => client.GetGrain<IPriceGrain>(_calls.Key).JoinAsync(node, messages).AsTask(), cancellationToken);
        return reply.Refusal is { } refusal ? throw new NodeRefusedException($"The coordinator of {_calls.Place} refuses node '{node}': {refusal}") : reply.Node;
    }

    /// <inheritdoc/>
    /// <exception cref="FleetUnavailableException">No silo has answered in time.</exception>
    public async ValueTask<PriceMessage> ReportAsync(LoadReport report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(report);
        var bytes = report.ToBytes();
        var reply = await _calls.AskAsync(client => client.GetGrain<IPriceGrain>(_calls.Key).ReportAsync(bytes).AsTask(), cancellationToken);
        if (reply.Refusal is { } refusal) throw new QualityMessageException(refusal);
        return reply.Price is { Length: > 0 } price ? PriceMessage.Read(price) : throw new UnknownNodeException(report.Node);
    }

    /// <summary>The silo that finds the prices of the region at present; null where nobody has asked for one lately.</summary>
    /// <exception cref="FleetUnavailableException">No silo has answered in time.</exception>
    public async ValueTask<IPEndPoint?> FindSiloAsync(CancellationToken cancellationToken = default) =>
        (await _calls.AskAsync(client => client.GetGrain<IManagementGrain>(0).GetActivationAddress(client.GetGrain<IPriceGrain>(_calls.Key)).AsTask(), cancellationToken))?.Endpoint;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _calls.DisposeAsync();
}
