using System.Net;
using StackExchange.Redis;

namespace SplitInfer.Fleet;

/// <summary>Connects to Redis, and says so in a sentence where that fails.</summary>
internal static class FleetRedis
{
    // A silo that starts beside its Redis waits no longer; one that runs connects again by itself.
    private const int ConnectMilliseconds = 5000;

    /// <summary>Reads how Redis is reached.</summary>
    /// <exception cref="ArgumentException">It names no server; the message names the option.</exception>
    public static ConfigurationOptions Parse(string text, string option)
    {
        try
        {
            if (ConfigurationOptions.Parse(text) is { EndPoints.Count: > 0 } options) return options;
        }
        catch (ArgumentException)
        {
            // Said below: the text may hold a password, which the parser's words may repeat.
        }

        throw new ArgumentException($"{option} names no Redis; give it as HOST:PORT, such as 127.0.0.1:6379, and behind commas what StackExchange.Redis takes, such as password=… and ssl=true.");
    }

    /// <summary>Where Redis is, without what is secret.</summary>
    public static string PlaceOf(ConfigurationOptions options) => string.Join(", ", options.EndPoints.Select(static place => place is DnsEndPoint name ? $"{name.Host}:{name.Port}" : $"{place}"));

    /// <summary>Connects, for one user, who closes the connection.</summary>
    /// <exception cref="FleetUnavailableException">It cannot be reached.</exception>
    public static async Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> ConnectAsync(ConfigurationOptions options)
    {
        var connecting = options.Clone();
        (connecting.ConnectTimeout, connecting.AbortOnConnectFail) = (ConnectMilliseconds, true);
        try
        {
            return (await ConnectionMultiplexer.ConnectAsync(connecting), false);
        }
        catch (RedisException error)
        {
            throw new FleetUnavailableException($"Redis at {PlaceOf(options)} does not answer. Start it there (Debian: apt-get install redis-server), or name another one.", error);
        }
    }
}
