using System.Collections.Immutable;

namespace SplitInfer.Cli.Commands.Top;

/// <summary>What went on between two samples, by the server's clock: differences of their counts.</summary>
/// <param name="Clients">The clients of the later sample, in its order.</param>
internal sealed record Rates(ImmutableArray<ClientRate> Clients)
{
    /// <summary>Requests that were answered, 1/s; null where it is not known. Of clients that have gone meanwhile nothing is known.</summary>
    public double? RequestsPerSecond => Sum(static client => client.RequestsPerSecond);

    /// <summary>Requests that were refused, likewise.</summary>
    public double? RefusalsPerSecond => Sum(static client => client.RefusalsPerSecond);

    /// <summary>Requests that an exit answered, likewise.</summary>
    public double? ExitsPerSecond => Sum(static client => client.ExitsPerSecond);

    /// <param name="before">The earlier sample; null where there is none, so that no rate is known.</param>
    /// <param name="now">The later one, of the same run of the server.</param>
    public static Rates Between(MonitorSample? before, MonitorSample now)
    {
        var earlier = new Dictionary<long, MonitoredClient>();
        foreach (var client in before?.Clients ?? [])
            if (client is not null) earlier[client.Number] = client;
        // A clock may be set back.
        var seconds = before is not null && now.UnixSeconds - before.UnixSeconds is > 0 and var passed && double.IsFinite(passed) ? passed : (double?)null;
        // The counts of a connection begin at 0: one that was not there before has come since.
        return new([.. (now.Clients ?? []).OfType<MonitoredClient>().Select(client => Of(earlier.GetValueOrDefault(client.Number) ?? new(), client, seconds))]);
    }

    private static ClientRate Of(MonitoredClient before, MonitoredClient now, double? seconds) => new(
        now,
        PerSecond(now.Answered - before.Answered, seconds),
        PerSecond(now.Refused - before.Refused, seconds),
        PerSecond(now.ByExit - before.ByExit, seconds),
        seconds is null ? null : Share(
            now.ToldOnDevice - before.ToldOnDevice + (now.ToldWonByDevice - before.ToldWonByDevice),
            now.ToldOnDevice - before.ToldOnDevice + (now.ToldFinished - before.ToldFinished)));

    /// <summary>Counts do not fall: where one does, the two are not of the same connection.</summary>
    private static double? PerSecond(long count, double? seconds) => count >= 0 ? count / seconds : null;

    private static double? Share(long part, long all) => all > 0 && part >= 0 && part <= all ? (double)part / all : null;

    private double? Sum(Func<ClientRate, double?> rate)
    {
        var sum = 0.0;
        foreach (var client in Clients)
        {
            if (rate(client) is not { } one) return null;
            sum += one;
        }

        return sum;
    }
}

/// <summary>A client, and what it did between two samples.</summary>
/// <param name="Client">As it was at the later one.</param>
/// <param name="RequestsPerSecond">Requests that the server answered, 1/s; null where it is not known.</param>
/// <param name="RefusalsPerSecond">Requests that the server refused, likewise.</param>
/// <param name="ExitsPerSecond">Those of <paramref name="RequestsPerSecond"/> that an exit answered, likewise.</param>
/// <param name="DeviceShare">The part of the results that are the device's, as the client tells, 0 to 1; null where it told of none.</param>
internal sealed record ClientRate(MonitoredClient Client, double? RequestsPerSecond, double? RefusalsPerSecond, double? ExitsPerSecond, double? DeviceShare);
