using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace SplitInfer.Fleet;

/// <summary>Says in the log which other silos of the region there are, which Orleans logs at length and in words of its own; and bounds how long the silo takes to leave.</summary>
/// <param name="silos">What Orleans knows of silos.</param>
/// <param name="options">The silo's own options.</param>
/// <param name="membership">How Orleans joins and leaves.</param>
/// <param name="logger">The log.</param>
internal sealed partial class SiloWatch(ISiloStatusOracle silos, FleetOptions options, IOptions<ClusterMembershipOptions> membership, ILogger<SiloWatch> logger) : IHostedService, ISiloStatusListener
{
    // For so long each of some steps of leaving tries to tell the others by way of Redis; where that answers, it takes some milliseconds.
    private static readonly TimeSpan LeaveTries = TimeSpan.FromSeconds(2);

    // Those that are there or going. What is told of others is of before this silo started.
    private readonly ConcurrentDictionary<SiloAddress, SiloStatus> _others = new();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        silos.SubscribeToSiloStatusEvents(this);
        // Those that came before it was listened to.
        foreach (var (silo, status) in silos.GetApproximateSiloStatuses(onlyActive: true)) SiloStatusChangeNotification(silo, status);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        silos.UnSubscribeFromSiloStatusEvents(this);
        // Orleans tries as long to leave as to join, for minutes. Where Redis is gone the others find out by themselves, and this comes before the silo stops.
        membership.Value.MaxJoinAttemptTime = LeaveTries;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (updatedSilo.Equals(silos.SiloAddress)) return;
        switch (status)
        {
            case SiloStatus.Active when _others.TryAdd(updatedSilo, status):
                LogJoined(updatedSilo.Endpoint.ToString(), options.Region, _others.Count + 1);
                break;
            case SiloStatus.ShuttingDown or SiloStatus.Stopping when _others.ContainsKey(updatedSilo):
                _others[updatedSilo] = status;
                break;
            case SiloStatus.Dead when _others.TryRemove(updatedSilo, out var last):
                if (last == SiloStatus.Active) LogLost(updatedSilo.Endpoint.ToString(), options.Region, _others.Count + 1);
                else LogLeft(updatedSilo.Endpoint.ToString(), options.Region, _others.Count + 1);
                break;
        }
    }

    [LoggerMessage(70, LogLevel.Information, "The silo at {Silo} is there as well; region {Region} has {Count} now", EventName = "SiloJoined")]
    private partial void LogJoined(string silo, string region, int count);

    [LoggerMessage(71, LogLevel.Information, "The silo at {Silo} was stopped, and gave back what it held; region {Region} has {Count} now", EventName = "SiloLeft")]
    private partial void LogLeft(string silo, string region, int count);

    [LoggerMessage(72, LogLevel.Warning, "The silo at {Silo} is lost. Servers that it told their prices go on by themselves, and a silo that is left tells them again with one of their next reports; region {Region} has {Count} now. Start another one where there is one too few.", EventName = "SiloLost")]
    private partial void LogLost(string silo, string region, int count);
}
