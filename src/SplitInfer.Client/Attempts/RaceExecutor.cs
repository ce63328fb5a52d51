using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Device;
using SplitInfer.Client.Servers;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Has the server run the tail, and the device as well: from the start where the policy decided so, else once the reply is late, the server is
/// silent or the budget leaves just enough time for the device. The first result wins; a losing device is cancelled, a losing server still teaches.
/// </summary>
internal sealed class RaceExecutor : IExecutor
{
    /// <summary>Timers count no further than some weeks; a reply is late after this at the latest.</summary>
    private static readonly TimeSpan LongestPatience = TimeSpan.FromDays(1);

    private readonly IExecutor _remote;
    private readonly IExecutor _local;
    private readonly LateReplyCollector _late;
    private readonly BackgroundWork _background;
    private readonly StandInRule _standIns;
    private readonly DeadlineRescue _rescue;
    private readonly SilenceRule? _silence;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<LateReplyTimer> _timers = [];

    /// <param name="remote">Has the server run the tail.</param>
    /// <param name="local">Runs the tail on the device.</param>
    /// <param name="late">Takes servers that lost.</param>
    /// <param name="background">Takes devices that lost, until they have ended.</param>
    /// <param name="standIns">Knows what the device runs and how long that takes.</param>
    /// <param name="rescue">What the device does for a request whose deadline is near.</param>
    /// <param name="silence">When the device begins beside a silent server; null for never.</param>
    /// <param name="time">The clock.</param>
    public RaceExecutor(IExecutor remote, IExecutor local, LateReplyCollector late, BackgroundWork background, StandInRule standIns, DeadlineRescue rescue, SilenceRule? silence, TimeProvider time) =>
        (_remote, _local, _late, _background, _standIns, _rescue, _silence, _time) = (remote, local, late, background, standIns, rescue, silence, time);

    public bool MayOutliveCall(Attempt attempt) =>
        _silence?.Watched(attempt) is not null || attempt.Decision is { IsRaced: true } or { LateAfterSeconds: > 0 } or { HedgeAfterSeconds: not null } || (_rescue == DeadlineRescue.Race && attempt.Budget.IsLimited);

    public ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        if (attempt.Decision.IsRaced) return new(RaceAsync(attempt, new(attempt, _local), new(attempt, _remote), isLate: false, silent: null, stop));
        var (patience, isRescue) = PatienceFor(attempt);
        var silence = _silence?.Watched(attempt) is null ? null : _silence;
        return patience == Timeout.InfiniteTimeSpan && silence is null ? _remote.RunAsync(attempt, stop) : WaitOrRaceAsync(attempt, patience, isRescue, silence, stop);
    }

    /// <summary>Waits for the reply, and lets the device run once the reply is late or the server silent.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptResult> WaitOrRaceAsync(Attempt attempt, TimeSpan patience, bool isRescue, SilenceRule? silence, CancellationToken stop)
    {
        if (!_timers.TryDequeue(out var timer)) timer = new(_time);
        bool isInTime;
        using (stop.UnsafeRegister(static timer => ((LateReplyTimer)timer!).Stop.Cancel(), timer))
            isInTime = await timer.WaitAsync(_remote.RunAsync(attempt, timer.Stop.Token), patience, silence, attempt).ConfigureAwait(false);
        if (!isInTime)
        {
            var server = new RaceBranch(attempt, timer.TakeLate(), timer.Stop);
            // Also where the device would otherwise take the server's place: what is silent may still answer, and costs nothing meanwhile.
            var silent = timer.IsSilent ? silence!.Watched(attempt) : null;
            silent?.Health.ReportDoubt();
            if (isRescue) _standIns.ChooseLast(attempt);
            else _standIns.ChooseAgain(attempt);
            return isRescue && silent is null && _rescue == DeadlineRescue.Replace
                ? await ReplaceAsync(attempt, server, stop).ConfigureAwait(false)
                : await RaceAsync(attempt, new(attempt, _local), server, isLate: true, silent, stop).ConfigureAwait(false);
        }

        try
        {
            return timer.Take();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        finally
        {
            if (timer.Stop.TryReset()) _timers.Enqueue(timer);
        }
    }

    /// <summary>
    /// The first result wins, unless the device has but the second best and the server may yet answer by the deadline. Ends when there is one, or when both
    /// branches have ended without. A server that was <paramref name="silent"/> may still win.
    /// </summary>
    private async Task<AttemptResult> RaceAsync(Attempt attempt, RaceBranch device, RaceBranch server, bool isLate, ServerHandle? silent, CancellationToken stop)
    {
        var winner = device;
        Exception? failure = null;
        attempt.Stage = "device and server ran the rest";
        using (stop.UnsafeRegister(_ => { server.Stop(); device.Stop(); }, null))
        {
            if (await Task.WhenAny(device.Result, server.Result).ConfigureAwait(false) == server.Result || (silent is null && await HoldAsync(attempt, device, server, stop).ConfigureAwait(false))) winner = server;
            if (server.Result.IsFaulted) failure = server.Result.Exception.InnerException!;
            if (!winner.Result.IsCompletedSuccessfully) winner = winner == server ? device : server;
            // A failure of the server that is not there yet reaches the collector of late replies instead.
            var waited = attempt.WaitedSeconds;
            if (failure is not null) attempt.ReportServerFailure(failure);
            await ((Task)winner.Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (failure is null) waited = attempt.WaitedSeconds;
            // A result that was there when the time ran out is still one.
            var isHeld = winner.Result.IsCompletedSuccessfully && !attempt.Caller.IsCancellationRequested;
            if (!stop.IsCancellationRequested || isHeld) return await EndAsync(waited).ConfigureAwait(false);
        }

        await device.DisposeAsync().ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        throw new OperationCanceledException(stop);

        async Task<AttemptResult> EndAsync(double waited)
        {
            // Where both have failed the device is not asked again: its error is the caller's.
            if (winner.Result.IsFaulted && device.Result.IsFaulted)
            {
                if (server.Result.Exception?.InnerException is { } failed && ServerFault.Is(failed)) attempt.ReportServerFailure(failed);
                winner = device;
            }

            var result = await winner.Result.ConfigureAwait(false) with { IsRaced = true };
            if (winner == server)
            {
                if (device.Result.IsCompletedSuccessfully) result = result with { OvertakenSeconds = attempt.DeviceSeconds(device.Result.Result.Outputs) };
                _background.Start(_ => device.DisposeAsync().AsTask());
                return result;
            }

            if (failure is not null) return result with { Server = ServerFault.OutcomeOf(failure), OffloadSeconds = waited, ServerFailure = failure };
            _late.Collect(server, attempt, (RaceModel.PatienceInDeviceDelays - 1) * attempt.DeviceSeconds(result.Outputs));
            return isLate ? result with { Server = ServerOutcome.Overdue, OffloadSeconds = waited, ServerFailure = silent is null ? null : _silence!.Failure(silent) } : result with { Server = ServerOutcome.Pending };
        }
    }

    /// <summary>Holds a result of the device back, where a better one may yet come by the deadline. True where it has come.</summary>
    private async ValueTask<bool> HoldAsync(Attempt attempt, RaceBranch device, RaceBranch server, CancellationToken stop)
    {
        if (!device.Result.IsCompletedSuccessfully || server.Result.IsCompleted || !_standIns.IsSecondBest(attempt)) return false;
        var left = attempt.Budget.Remaining - _standIns.HoldMargin(attempt);
        if (left > TimeSpan.Zero) await ((Task)server.Result.WaitAsync(left, _time, stop)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return server.Result.IsCompletedSuccessfully;
    }

    /// <summary>Stops the server and has the device go on alone.</summary>
    private async ValueTask<AttemptResult> ReplaceAsync(Attempt attempt, RaceBranch server, CancellationToken stop)
    {
        var waited = attempt.WaitedSeconds;
        await server.DisposeAsync().ConfigureAwait(false);
        attempt.Stage = "running the rest on the device, since the server was too slow";
        var result = await _local.RunAsync(attempt, stop).ConfigureAwait(false);
        return result with { Server = ServerOutcome.Abandoned, OffloadSeconds = waited };
    }

    private (TimeSpan Patience, bool IsRescue) PatienceFor(Attempt attempt)
    {
        var late = attempt.Decision.LateAfterSeconds;
        var seconds = late > 0 ? late : double.PositiveInfinity;
        var isRescue = false;
        if (attempt.Decision.HedgeAfterSeconds is { } hedge) seconds = Math.Min(seconds, Math.Max(0, (TimeSpan.FromSeconds(Math.Min(hedge, LongestPatience.TotalSeconds)) - attempt.Total).TotalSeconds));
        else if (_rescue != DeadlineRescue.None && attempt.Budget.RemainingSeconds is { } remaining)
        {
            var device = _standIns.FastestSeconds(attempt);
            var start = device > 0 ? StandInRule.LatestStart(remaining, device) : remaining / 2;
            if (start < seconds) (seconds, isRescue) = (Math.Max(start, 0), true);
        }

        return double.IsPositiveInfinity(seconds) ? (Timeout.InfiniteTimeSpan, false)
            : (seconds < LongestPatience.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LongestPatience, isRescue);
    }
}

/// <summary>What the device does for a request whose reply has not come when the deadline leaves just enough time for the device.</summary>
internal enum DeadlineRescue
{
    /// <summary>Nothing: only the server may answer.</summary>
    None,

    /// <summary>It takes over from the server, which is stopped.</summary>
    Replace,

    /// <summary>It races the server.</summary>
    Race,
}
