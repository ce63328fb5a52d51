using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SplitInfer.Fleet.Names;

namespace SplitInfer.Fleet;

/// <summary>Calls to grains that end within a time, with errors that say what to do. Safe for concurrent use; disposing it twice is safe.</summary>
internal sealed class FleetCalls : IAsyncDisposable
{
    private readonly FleetConnection? _connection;
    private readonly IClusterClient? _client;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private volatile bool _isDisposed;

    /// <summary>Connects in the background.</summary>
    public FleetCalls(FleetClientOptions options, ILoggerFactory? loggers, TimeProvider? clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (Region, Key, Place, _timeout, _clock) = (options.Address.Region, options.Address.Key, options.Address.ToString(), options.Timeout, clock ?? TimeProvider.System);
        _connection = new(options.Address, options.Timeout, loggers ?? NullLoggerFactory.Instance, _clock);
    }

    /// <summary>Uses a client that stays its owner's.</summary>
    public FleetCalls(IClusterClient client, string region, string? models, TimeSpan? timeout, TimeProvider? clock)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!FleetName.IsOne(region)) throw new ArgumentException($"The region is '{region}'; it can be {FleetName.Rule}.", nameof(region));
        if (models is not null && !FleetName.IsOne(models)) throw new ArgumentException($"The set of models is '{models}'; it can be {FleetName.Rule}.", nameof(models));
        _client = client;
        (Region, Key) = (region, models is null ? region : $"{region}/{models}");
        (Place, _timeout, _clock) = ($"region {Key}", timeout ?? new FleetClientOptions().Timeout, clock ?? TimeProvider.System);
    }

    /// <summary>The region.</summary>
    public string Region { get; }

    /// <summary>The key of the grain that has its prices.</summary>
    public string Key { get; }

    /// <summary>Where the silos are, for messages.</summary>
    public string Place { get; }

    /// <summary>Makes a call.</summary>
    /// <exception cref="FleetUnavailableException">No silo has answered in time.</exception>
    public async Task<T> AskAsync<T>(Func<IClusterClient, Task<T>> ask, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if ((_client ?? _connection?.Client) is not { } client) throw Unavailable("no silo was reached so far", _connection?.LastFailure);
        try
        {
            return await ask(client).WaitAsync(_timeout, _clock, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // Orleans has errors of many types for a silo that is gone, one that is going and one that has too much to do.
            throw Unavailable(error is TimeoutException ? "it did not answer in time" : error.Message.TrimEnd('.'), error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        if (_connection is not null) await _connection.DisposeAsync();
    }

    private FleetUnavailableException Unavailable(string why, Exception? inner) =>
        new($"The coordinator of {Place} could not be asked: {(inner is FleetException ? inner.Message : $"{why}.")} Servers and devices go on without it; ask again in a second, and see that a silo runs: splitinfer coordinate --help.", inner);
}
