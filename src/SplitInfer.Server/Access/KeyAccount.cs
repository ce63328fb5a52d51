using System.Threading.RateLimiting;
using SplitInfer.Protocol;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Access;

/// <summary>What the clients of all keys of one name take together. It outlives their connections, so that to connect anew gains nothing. Thread-safe.</summary>
internal sealed class KeyAccount : IDisposable
{
    private readonly KeyLimits _limits;
    private readonly TokenBucketRateLimiter? _rate;
    private int _connections;
    private int _inFlight;

    /// <summary>An account of which nothing is taken.</summary>
    public KeyAccount(string name, KeyLimits limits)
    {
        (Name, _limits) = (name, limits);
        if (limits.MaxRequestsPerSecond is not { } rate) return;
        _rate = new(new()
        {
            // As many at once as come in a second. Filled when it is asked, since a timer for each key would run for nothing.
            TokenLimit = Math.Max(1, (int)Math.Ceiling(rate)),
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1 / rate),
            AutoReplenishment = false,
            QueueLimit = 0,
        });
    }

    /// <summary>The name of its keys.</summary>
    public string Name { get; }

    /// <summary>Counts one more connection.</summary>
    /// <returns>Why not; null where there is room.</returns>
    public Refusal? TryConnect()
    {
        if (Interlocked.Increment(ref _connections) <= _limits.MaxConnections) return null;
        Interlocked.Decrement(ref _connections);
        return new(RefusalCode.Busy, "The clients of this key have as many connections as they may. Close one, or share connections between clients.", RetryAfter: TimeSpan.FromSeconds(1));
    }

    /// <summary>A connection has ended.</summary>
    public void Disconnect() => Interlocked.Decrement(ref _connections);

    /// <summary>Counts one more request in flight.</summary>
    /// <returns>Why not; null where there is room.</returns>
    public Refusal? TryBegin()
    {
        if (Interlocked.Increment(ref _inFlight) > _limits.MaxInFlight)
        {
            Interlocked.Decrement(ref _inFlight);
            return new(RefusalCode.Busy, "The clients of this key have as many requests in flight as they may. Send the request again when another has ended.") { Want = Want.KeyLimit };
        }

        if (_rate is null) return null;
        _rate.TryReplenish();
        using var lease = _rate.AttemptAcquire();
        if (lease.IsAcquired) return null;
        End();
        return new(RefusalCode.Busy, "The clients of this key have sent as many requests a second as they may. Send the request again later.",
            RetryAfter: lease.TryGetMetadata(MetadataName.RetryAfter, out var later) ? later : null) { Want = Want.KeyLimit };
    }

    /// <summary>A request has ended.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <inheritdoc/>
    public void Dispose() => _rate?.Dispose();
}
