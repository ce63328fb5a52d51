using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SplitInfer.Server;
using SplitInfer.Server.Monitoring;

namespace SplitInfer.Dashboard.Sampling;

/// <summary>Looks at the server once a second, keeps the last minutes, and tells the pages. A request costs it a few additions, whoever looks. Thread-safe.</summary>
/// <param name="server">The server.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Told when the server cannot be looked at.</param>
internal sealed partial class DashboardSampler(SplitInferServer server, TimeProvider time, ILogger<DashboardSampler> log) : IHostedService, IDisposable
{
    /// <summary>How many seconds are kept.</summary>
    public const int Kept = 180;

    // More than a server answers within a second.
    private const int Capacity = 1 << 15;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Recent = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly SampleBuilder _builder = new();
    private readonly Dictionary<long, (long Answered, double Rate)> _rates = [];
    private RequestSubscription? _subscription;
    private ITimer? _timer;
    private long _sampledAt;
    private bool _hasFailed;
    private volatile DashboardSnapshot _current = DashboardSnapshot.Empty;

    /// <summary>The server as it was seen last.</summary>
    public DashboardSnapshot Current => _current;

    /// <summary>Raised when there is another <see cref="Current"/>. A handler must neither block nor throw.</summary>
    public event Action? Changed;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _subscription ??= server.Watch(Capacity);
            _sampledAt = time.GetTimestamp();
            using (ExecutionContext.SuppressFlow()) _timer ??= time.CreateTimer(static self => ((DashboardSampler)self!).Look(), this, Interval, Interval);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _timer?.Dispose();
            _subscription?.Dispose();
            (_timer, _subscription) = (null, null);
        }
    }

    private void Look()
    {
        try
        {
            Sample();
            Changed?.Invoke();
            _hasFailed = false;
        }
#pragma warning disable CA1031 // On a timer, whatever is thrown would end the process, and with it the server.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // The next look is a second away, and may fail for the same reason.
            if (!_hasFailed) LogFailure(error);
            _hasFailed = true;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The dashboard cannot look at the server, and shows what it saw last. It goes on trying, once a second.")]
    private partial void LogFailure(Exception error);

    private void Sample()
    {
        lock (_gate)
        {
            if (_subscription is not { } subscription) return;
            while (subscription.Requests.TryRead(out var request)) _builder.Add(request);
            var now = time.GetTimestamp();
            var seconds = Math.Max(1e-3, time.GetElapsedTime(_sampledAt, now).TotalSeconds);
            _sampledAt = now;
            _current = Look(_builder.Build(time.GetUtcNow(), seconds, server.Load), subscription.Missed);
        }
    }

    private DashboardSnapshot Look(Sample sample, long missed)
    {
        var samples = _current.Samples.Length < Kept ? _current.Samples : _current.Samples.RemoveAt(0);
        var clients = server.Clients.Select(client => ClientRow.Of(client, RateOf(client, sample.Seconds), sample.At - client.LastRequestAt < Recent)).ToImmutableArray();
        foreach (var gone in _rates.Keys.Except(clients.Select(static client => client.Number)).ToArray()) _rates.Remove(gone);
        return new()
        {
            Samples = samples.Add(sample),
            Clients = clients,
            Models = [.. server.Models],
            Choices = clients.Where(static client => client is { IsActive: true, Partition: not null }).GroupBy(static client => (client.Model, client.Version))
                .ToImmutableDictionary(static group => group.Key, static group => group.GroupBy(static client => client.Partition!.Value).ToImmutableDictionary(static cut => cut.Key, static cut => cut.Count())),
            Endpoints = [.. server.Endpoints.Select(static endpoint => endpoint.ToString())],
            Missed = missed,
        };
    }

    /// <summary>Requests a second, of which the last two seconds count most.</summary>
    private double RateOf(ClientStatus client, double seconds)
    {
        var (before, rate) = _rates.GetValueOrDefault(client.Number, (client.Answered, 0));
        rate = (rate + ((client.Answered - before) / seconds)) / 2;
        _rates[client.Number] = (client.Answered, rate);
        return rate;
    }
}
