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

    // Reports that fail until a coordinator that has never answered is complained of: connecting takes some seconds, and it may start together with the server.
    private const int FirstPatience = 10;

    private readonly QualityNode _node;
    private readonly IQualityCoordination _coordination;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private readonly bool _isTold;
    private uint? _number;
    private QualityCurve[] _told = [];
    private bool _isAway;
    private bool _wasHeard;
    private bool _isRefused;
    private int _failures;

    /// <summary>Begins to report.</summary>
    /// <param name="node">The server's controller.</param>
    /// <param name="coordination">The coordinator, which stays the caller's.</param>
    /// <param name="name">What the coordinator is to call the server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when the coordinator has answered first, when it stops to, and when it answers again.</param>
    /// <param name="isOwn">Whether the coordinator is the server's own, of which there is nothing to tell while it answers.</param>
    public NodeCoordination(QualityNode node, IQualityCoordination coordination, string name, TimeProvider time, ILogger logger, bool isOwn = false)
    {
        (_node, _coordination, _name, _time, _logger, _isTold) = (node, coordination, name, time, logger, !isOwn);
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
        // Made whether it can be sent or not: the price moves with it, also where no request comes that would have it moved.
        var (report, curves) = _node.Report();
        try
        {
            if (_number is not { } number || curves.Except(_told).Any())
            {
                _told = [.. curves.Union(_told).Take(MostTold)];
                _number = number = await _coordination.JoinAsync(_name, _told, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
            }

            report = report with { Node = number, Classes = [.. report.Classes.Zip(curves, (kind, curve) => kind with { Curve = (ushort)Array.IndexOf(_told, curve) })] };
            _node.Receive(await _coordination.ReportAsync(report, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false), number);
            if ((_isAway || _isRefused) && _wasHeard) LogBack(_logger, _name);
            else if (!_wasHeard && _isTold) LogJoined(_logger, _name);
            (_isAway, _wasHeard, _isRefused, _failures) = (false, true, false, 0);
        }
#pragma warning disable CA1031 // A coordinator of an application's own may fail with anything, and requests go on without it.
        catch (Exception error) when (!_stop.IsCancellationRequested)
#pragma warning restore CA1031
        {
            // One that was started again knows nobody, and one that was told too much takes less.
            (_number, _told) = (null, []);
            if (error is NodeRefusedException)
            {
                // It answers, and nothing but what it asks for changes what it says.
                if (!_isRefused) LogRefused(_logger, _name, error.Message);
                _isRefused = true;
                return;
            }

            if (error is UnknownNodeException || _isAway || (++_failures < FirstPatience && !_wasHeard)) return;
            _isAway = true;
            Tell(error);
        }
    }

    private void Tell(Exception error)
    {
        // What was foreseen is said in its message, and its stack tells an operator nothing.
        var (stack, reason) = error is SplitInferException or QualityMessageException ? (null, error.Message) : (error, $"{error.GetType().Name}: {error.Message}");
        if (_wasHeard) LogAway(_logger, stack, reason);
        else LogNotHeard(_logger, stack, _name, reason);
    }

    [LoggerMessage(55, LogLevel.Warning, "The coordinator does not answer any more. Requests are served all the same: the server finds its price itself until the coordinator is back. {Reason}", EventName = "CoordinatorAway")]
    private static partial void LogAway(ILogger logger, Exception? error, string reason);

    [LoggerMessage(57, LogLevel.Warning, "No coordinator has answered {Node} so far. Requests are served all the same: the server finds its price itself until one does. See that one runs where the server looks for it, and that both name the same region. {Reason}", EventName = "CoordinatorNotHeard")]
    private static partial void LogNotHeard(ILogger logger, Exception? error, string node, string reason);

    [LoggerMessage(61, LogLevel.Warning, "The coordinator does not take {Node} in. Requests are served all the same: the server finds its price itself, and asks again each second. Do what the coordinator says, and the server need not be started again. {Reason}", EventName = "CoordinatorRefuses")]
    private static partial void LogRefused(ILogger logger, string node, string reason);

    [LoggerMessage(56, LogLevel.Information, "The coordinator answers {Node} again", EventName = "CoordinatorBack")]
    private static partial void LogBack(ILogger logger, string node);

    [LoggerMessage(58, LogLevel.Information, "The coordinator answers: it knows this server as {Node}", EventName = "CoordinatorJoined")]
    private static partial void LogJoined(ILogger logger, string node);
}
