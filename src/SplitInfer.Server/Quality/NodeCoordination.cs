using Microsoft.Extensions.Logging;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Server.Quality;

/// <summary>
/// Once a second tells a coordinator what came to this server, and takes its price. No request waits for it: while the coordinator does not answer, the controller
/// moves its price itself. Begins when it is made, and ends when it is disposed, which may be done twice.
/// </summary>
internal sealed partial class NodeCoordination : IAsyncDisposable
{
    // A coordinator is told of the curves that reports speak of, and of some that they did lately: whoever asks for many partitions must not have the server refused for telling too much.
    private const int MostTold = 2 * LoadReport.MaxClasses;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2);

    private readonly QualityNode _node;
    private readonly IQualityCoordination _coordination;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private uint? _number;
    private QualityCurve[] _told = [];
    private bool _isAway;

    /// <summary>Begins to report.</summary>
    /// <param name="node">The server's controller.</param>
    /// <param name="coordination">The coordinator, which stays the caller's.</param>
    /// <param name="name">What the coordinator is to call the server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when the coordinator stops to answer, and when it answers again.</param>
    public NodeCoordination(QualityNode node, IQualityCoordination coordination, string name, TimeProvider time, ILogger logger)
    {
        (_node, _coordination, _name, _time, _logger) = (node, coordination, name, time, logger);
        _work = RunAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, _time);
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false)) await ReportAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task ReportAsync()
    {
        // Without models that have exits there is nothing to tell.
        if (_node.CurveCount == 0) return;
        using var timeout = new CancellationTokenSource(Patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stop.Token);
        try
        {
            var (report, curves) = _node.Report();
            if (_number is not { } number || curves.Except(_told).Any())
            {
                _told = [.. curves.Union(_told).Take(MostTold)];
                _number = number = await _coordination.JoinAsync(_name, _told, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
            }

            report = report with { Node = number, Classes = [.. report.Classes.Zip(curves, (kind, curve) => kind with { Curve = (ushort)Array.IndexOf(_told, curve) })] };
            _node.Receive(await _coordination.ReportAsync(report, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false), number);
            if (_isAway) LogBack(_logger);
            _isAway = false;
        }
#pragma warning disable CA1031 // A coordinator of an application's own may fail with anything, and requests go on without it.
        catch (Exception error) when (!_stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            // One that was started again knows nobody, and one that was told too much takes less.
            (_number, _told) = (null, []);
            if (!_isAway && error is not UnknownNodeException) LogAway(_logger, error);
            _isAway |= error is not UnknownNodeException;
        }
    }

    [LoggerMessage(55, LogLevel.Warning, "The coordinator does not answer. Requests are served all the same: the server finds its price itself until the coordinator is back.", EventName = "CoordinatorAway")]
    private static partial void LogAway(ILogger logger, Exception error);

    [LoggerMessage(56, LogLevel.Information, "The coordinator answers again", EventName = "CoordinatorBack")]
    private static partial void LogBack(ILogger logger);
}
