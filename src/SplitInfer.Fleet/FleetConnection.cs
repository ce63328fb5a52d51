using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using StackExchange.Redis;

namespace SplitInfer.Fleet;

/// <summary>
/// A client of a cluster in a container of its own, which connects in the background and goes on trying: a server starts and runs without a coordinator. Disposing it twice is
/// safe, and waits for what it began.
/// </summary>
internal sealed class FleetConnection : IAsyncDisposable
{
    private const string Service = "splitinfer";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Silos that start later, or after all were gone, are found within this.
    private static readonly TimeSpan GatewayRefresh = TimeSpan.FromSeconds(2);

    private readonly FleetAddress _address;
    private readonly TimeSpan _timeout;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private volatile IClusterClient? _client;
    private volatile Exception? _lastFailure;

    /// <summary>Begins to connect.</summary>
    public FleetConnection(FleetAddress address, TimeSpan timeout, ILoggerFactory loggers, TimeProvider clock)
    {
        (_address, _timeout, _loggers, _clock) = (address, timeout, loggers, clock);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The client; null while no silo was reached.</summary>
    public IClusterClient? Client => _client;

    /// <summary>Why no silo was reached; null where nothing failed so far.</summary>
    public Exception? LastFailure => _lastFailure;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The source is not disposed, since this may be called twice and at once.
        await _end.CancelAsync();
        await _running;
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var host = await BuildAsync();
                await host.StartAsync(_end.Token);
                _client = host.Services.GetRequiredService<IClusterClient>();
                await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, _clock, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _client = null;
                await host.StopAsync(CancellationToken.None);
            }
            catch (Exception error)
            {
                // Whatever it is, of the network, of Redis or of Orleans: those who ask are told, and it is tried again.
                _lastFailure = error;
            }

            await Task.Delay(Pause, _clock, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IHost> BuildAsync()
    {
        var gateways = _address.IsRedis ? [] : await EndpointsAsync();
        var redis = RedisOptions();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.Replace(ServiceDescriptor.Singleton(_loggers));
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (_address.Region, Service));
            client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = _timeout);
            client.Configure<GatewayOptions>(static gateway => gateway.GatewayListRefreshPeriod = GatewayRefresh);
            client.UseConnectionRetryFilter(RetryAsync);
            if (_address.IsRedis) client.UseRedisClustering(clustering => (clustering.ConfigurationOptions, clustering.CreateMultiplexer) = (redis, _ => FleetRedis.ConnectAsync(redis)));
            else client.UseStaticClustering(gateways);
        });
        return builder.Build();
    }

    private async Task<bool> RetryAsync(Exception error, CancellationToken cancellationToken)
    {
        _lastFailure = error;
        await Task.Delay(Pause, _clock, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_end.IsCancellationRequested;
    }

    private async Task<IPEndPoint[]> EndpointsAsync() => [.. (await Dns.GetHostAddressesAsync(_address.Host, _end.Token)).Select(address => new IPEndPoint(address, _address.Port))];

    private ConfigurationOptions RedisOptions() => new() { EndPoints = { { _address.Host, _address.Port } }, User = _address.User, Password = _address.Password, Ssl = _address.IsEncrypted };
}
