using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace SplitInfer.Fleet.Tests;

/// <summary>What a silo says of others.</summary>
public class SiloWatchTests
{
    private static readonly SiloAddress Own = At(1), Other = At(2), Third = At(3);

    private readonly Silos _silos = new();
    private readonly SiloLog _log = new();

    [Fact]
    public async Task Silos_that_come_are_stopped_and_are_lost_are_told_once()
    {
        _silos.Known[Third] = SiloStatus.Active;
        var watch = new SiloWatch(_silos, new() { Region = "eu" }, Options.Create(new ClusterMembershipOptions()), _log);
        await watch.StartAsync(default);
        Assert.Equal(["SiloJoined"], _log.Take());
        foreach (var status in (SiloStatus[])[SiloStatus.Joining, SiloStatus.Active, SiloStatus.Active]) _silos.Tell(Other, status);
        Assert.Equal(["SiloJoined"], _log.Take());
        Assert.Contains("127.0.0.1:2 is there as well; region eu has 3", _log.Last);
        foreach (var status in (SiloStatus[])[SiloStatus.ShuttingDown, SiloStatus.Stopping, SiloStatus.Dead, SiloStatus.Dead]) _silos.Tell(Other, status);
        Assert.Equal(["SiloLeft"], _log.Take());
        _silos.Tell(Third, SiloStatus.Dead);
        Assert.Equal(["SiloLost"], _log.Take());
        Assert.Contains("region eu has 1 now", _log.Last);
        // Its own end, and silos of before it was there.
        _silos.Tell(Own, SiloStatus.Active);
        _silos.Tell(At(9), SiloStatus.Dead);
        await watch.StopAsync(default);
        _silos.Tell(Other, SiloStatus.Active);
        Assert.Empty(_log.Take());
    }

    [Fact]
    public async Task A_silo_that_leaves_does_not_try_as_long_as_one_that_joins()
    {
        var membership = new ClusterMembershipOptions();
        var watch = new SiloWatch(_silos, new() { Region = "eu" }, Options.Create(membership), _log);
        await watch.StartAsync(default);
        Assert.Equal(new ClusterMembershipOptions().MaxJoinAttemptTime, membership.MaxJoinAttemptTime);
        await watch.StopAsync(default);
        Assert.InRange(membership.MaxJoinAttemptTime, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    }

    private static SiloAddress At(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);

    private sealed class Silos : ISiloStatusOracle
    {
        private readonly List<ISiloStatusListener> _listeners = [];

        public Dictionary<SiloAddress, SiloStatus> Known { get; } = [];

        public SiloStatus CurrentStatus => SiloStatus.Active;

        public string SiloName => "own";

        public SiloAddress SiloAddress => Own;

        public void Tell(SiloAddress silo, SiloStatus status)
        {
            foreach (var listener in _listeners) listener.SiloStatusChangeNotification(silo, status);
        }

        public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => Known.GetValueOrDefault(siloAddress);

        public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => Known;

        public SiloAddress[] GetActiveSilos() => [.. Known.Keys];

        public bool TryGetSiloName(SiloAddress siloAddress, out string siloName)
        {
            siloName = "";
            return false;
        }

        public bool IsFunctionalDirectory(SiloAddress siloAddress) => true;

        public bool IsDeadSilo(SiloAddress silo) => false;

        public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer)
        {
            _listeners.Add(observer);
            return true;
        }

        public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => _listeners.Remove(observer);
    }

    private sealed class SiloLog : ILogger<SiloWatch>
    {
        private readonly List<string> _names = [];

        public string Last { get; private set; } = "";

        public string[] Take()
        {
            string[] names = [.. _names];
            _names.Clear();
            return names;
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            _names.Add(eventId.Name!);
            Last = formatter(state, exception);
        }
    }
}
