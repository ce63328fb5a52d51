using SplitInfer.Fleet;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A server as the coordinator knows one: a controller that decides about requests, and a report now and then. Requests and reports know nothing of each other.</summary>
internal sealed class CoordinatedNode : IAsyncDisposable
{
    private const double RequestsPerSecond = 200;

    private static readonly QualityCurve Curve = new([new(0.002, 0.91), new(0.005, 0.96), new(0.010, 0.995)]);

    private readonly string _name;
    private readonly OrleansCoordination _fleet;
    private readonly TimeProvider _clock;
    private readonly long _begun;
    private readonly Lock _lock = new();
    private readonly List<(double At, double Seconds)> _decisions = [];
    private readonly List<double> _prices = [];
    private readonly List<double> _failures = [];
    private QualityController? _controller;

    /// <summary>Makes a node that has not joined.</summary>
    public CoordinatedNode(string name, Uri coordinator, TimeProvider clock, long begun) =>
        (_name, _fleet, _clock, _begun) = (name, new(new() { Coordinator = coordinator }, clock: clock), clock, begun);

    /// <summary>The coordinator, as this node sees it.</summary>
    public OrleansCoordination Fleet => _fleet;

    /// <summary>How often it had to join again.</summary>
    public int Rejoined { get; private set; }

    /// <summary>The most bytes of a report.</summary>
    public int ReportBytes { get; private set; }

    /// <summary>The first price since a time, s; null where there is none.</summary>
    public double? PricedSince(double at)
    {
        lock (_lock) return _prices.Where(time => time > at).Select(static time => (double?)time).FirstOrDefault();
    }

    /// <summary>Reports without a price since a time.</summary>
    public int FailedSince(double at)
    {
        lock (_lock) return _failures.Count(time => time > at);
    }

    /// <summary>What decisions took in a span of time, s.</summary>
    public double[] Decisions(double from, double to)
    {
        lock (_lock) return [.. _decisions.Where(one => one.At >= from && one.At < to).Select(static one => one.Seconds)];
    }

    /// <summary>Joins, as soon as there is a coordinator.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var number = await _fleet.JoinAsync(_name, [Curve], cancellationToken);
                if (_controller is not null) return;
                var controller = new QualityController(number, new Random(1), Now);
                controller.Add(Curve);
                _controller = controller;
                return;
            }
            catch (FleetUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), _clock, cancellationToken);
            }
        }
    }

    /// <summary>Reports until it is told to stop.</summary>
    public async Task ReportAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, _clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var report = _controller!.Report(Now);
            ReportBytes = Math.Max(ReportBytes, report.ToBytes().Length);
            try
            {
                var price = await _fleet.ReportAsync(report, cancellationToken);
                _controller.Receive(price, Now);
                lock (_lock) _prices.Add(Now);
            }
            catch (FleetUnavailableException)
            {
                lock (_lock) _failures.Add(Now);
            }
            catch (UnknownNodeException)
            {
                lock (_lock) _failures.Add(Now);
                await JoinAsync(cancellationToken);
                Rejoined++;
            }
        }
    }

    /// <summary>Decides about requests until it is told to stop.</summary>
    public async Task DecideAsync(CancellationToken cancellationToken)
    {
        var needs = new QualityNeeds { Deadline = TimeSpan.FromSeconds(0.1) };
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / RequestsPerSecond), _clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var (now, began) = (Now, _clock.GetTimestamp());
            _controller!.Arrive(0, needs, now);
            var choice = _controller.Choose(0, needs, now + 0.1, default, now);
            _controller.Finish(choice, needs, choice.Depth, now + 0.005);
            lock (_lock) _decisions.Add((now, _clock.GetElapsedTime(began).TotalSeconds));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _fleet.DisposeAsync();

    private double Now => _clock.GetElapsedTime(_begun).TotalSeconds;
}
