using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace SplitInfer.Fleet;

/// <summary>Says in the log, once each, when the connections of a silo to Redis break and when they are there again. Thread-safe.</summary>
/// <param name="logger">The log.</param>
internal sealed partial class RedisWatch(ILogger<RedisWatch> logger)
{
    private readonly Lock _gate = new();
    private bool _isAway;

    /// <summary>Connects, for one user, who closes the connection.</summary>
    /// <exception cref="FleetUnavailableException">It cannot be reached.</exception>
    public async Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> ConnectAsync(ConfigurationOptions options)
    {
        var connected = await FleetRedis.ConnectAsync(options);
        connected.Multiplexer.ConnectionFailed += (_, failure) =>
        {
            if (failure.FailureType != ConnectionFailureType.ConnectionDisposed) Tell(isAway: true, options);
        };
        connected.Multiplexer.ConnectionRestored += (_, _) => Tell(isAway: false, options);
        return connected;
    }

    private void Tell(bool isAway, ConfigurationOptions options)
    {
        lock (_gate)
        {
            if (_isAway == isAway) return;
            _isAway = isAway;
        }

        if (isAway) LogAway(FleetRedis.PlaceOf(options));
        else LogBack(FleetRedis.PlaceOf(options));
    }

    [LoggerMessage(73, LogLevel.Warning, "Redis at {Redis} does not answer any more. Servers and silos that know each other go on; until it is back no silo can start, and what a lost one held cannot start at another. Start Redis again.", EventName = "RedisAway")]
    private partial void LogAway(string redis);

    [LoggerMessage(74, LogLevel.Information, "Redis at {Redis} answers again", EventName = "RedisBack")]
    private partial void LogBack(string redis);
}
