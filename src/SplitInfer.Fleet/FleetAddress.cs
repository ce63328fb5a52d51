using System.Diagnostics.CodeAnalysis;
using SplitInfer.Fleet.Names;

namespace SplitInfer.Fleet;

/// <summary>Where a coordinator is: <c>redis://HOST:PORT/REGION</c> for silos that are found through Redis, <c>orleans://HOST:PORT/REGION</c> for one silo and the port of its gateway.</summary>
/// <param name="IsRedis">Whether silos are found through Redis.</param>
/// <param name="Host">The host of Redis or of the silo.</param>
/// <param name="Port">Its port.</param>
/// <param name="Region">The region.</param>
/// <param name="Models">The set of models, where the region is divided by them; null where it is not.</param>
internal sealed record FleetAddress(bool IsRedis, string Host, int Port, string Region, string? Models)
{
    private const string RedisScheme = "redis", SecureRedisScheme = "rediss", SiloScheme = "orleans";

    private const int RedisPort = 6379, GatewayPort = 30000;

    /// <summary>What such an address looks like, to follow "give".</summary>
    public const string Rule = "redis://HOST:PORT/REGION for silos that are found through Redis, or orleans://HOST:PORT/REGION for one silo and the port of its gateway";

    /// <summary>The user of Redis; null for the default one.</summary>
    public string? User { get; private init; }

    /// <summary>The password of Redis; null for none.</summary>
    public string? Password { get; private init; }

    /// <summary>Whether the connection to Redis is encrypted.</summary>
    public bool IsEncrypted { get; private init; }

    /// <summary>The key of the grain that has the prices.</summary>
    public string Key => Models is null ? Region : $"{Region}/{Models}";

    /// <summary>The address as text, without the password.</summary>
    public override string ToString() => $"{(IsRedis ? IsEncrypted ? SecureRedisScheme : RedisScheme : SiloScheme)}://{Host}:{Port}/{Key}";

    /// <summary>Reads an address.</summary>
    public static bool TryParse(Uri? uri, [NotNullWhen(true)] out FleetAddress? address)
    {
        address = null;
        if (uri is not { IsAbsoluteUri: true, Host.Length: > 0, Query: "", Fragment: "" } || uri.Scheme is not (RedisScheme or SecureRedisScheme or SiloScheme)) return false;
        var path = uri.AbsolutePath.Trim('/').Split('/');
        if (path.Length > 2 || path.Any(static part => !FleetName.IsOne(part))) return false;
        var isRedis = uri.Scheme != SiloScheme;
        if (!isRedis && uri.UserInfo.Length > 0) return false;
        var user = uri.UserInfo.Split(':', 2);
        address = new(isRedis, uri.IdnHost, uri.Port > 0 ? uri.Port : isRedis ? RedisPort : GatewayPort, path[0], path.Length > 1 ? path[1] : null)
        {
            User = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            IsEncrypted = uri.Scheme == SecureRedisScheme,
        };
        return true;
    }
}
