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
    private readonly ExtraWork _extra;
    private readonly DeadlineRescue _rescue;
    private readonly SilenceRule? _silence;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<LateReplyTimer> _timers = [];

    /// <param name="remote">Has the server run the tail.</param>
    /// <param name="local">Runs the tail on the device.</param>
    /// <param name="late">Takes servers that lost.</param>
    /// <param name="background">Takes devices that lost, until they have ended.</param>
    /// <param name="standIns">Knows what the device runs and how long that takes.</param>
    /// <param name="extra">Bounds what the device computes beside a server though it has an answer at hand.</param>
    /// <param name="rescue">What the device does for a request whose deadline is near.</param>
    /// <param name="silence">When the device begins beside a silent server; null for never.</param>
    /// <param name="time">The clock.</param>
    public RaceExecutor(IExecutor remote, IExecutor local, LateReplyCollector late, BackgroundWork background, StandInRule standIns, ExtraWork extra, DeadlineRescue rescue, SilenceRule? silence, TimeProvider time) =>
        (_remote, _local, _late, _background, _standIns, _extra, _rescue, _silence, _time) = (remote, local, late, background, standIns, extra, rescue, silence, time);

    public bool MayOutliveCall(Attempt attempt) =>
        _local.MayOutliveCall(attempt) || _silence?.Watched(attempt) is not null || attempt.Decision is { IsRaced: true } or { LateAfterSeconds: > 0 } or { HedgeAfterSeconds: not null } || (_rescue == DeadlineRescue.Race && attempt.Budget.IsLimited);

    public ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop)
    {
        // Where an exit has answered, a race that the policy asks for waits like any other request once too much was in vain: until the device must start to be there by the deadline.
        var reserved = 0.0;
        if (attempt.Early is not null || (attempt.Decision.IsRaced && (!attempt.HasAnswerAtHand || TryReserve(attempt, out reserved))))
            return new(RaceAsync(attempt, new(attempt, _local), new(attempt, _remote), isLate: false, silent: null, reserved, stop));
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
            // Where nothing but what is at hand can be given any more, there is nothing to take over.
            if (isRescue && silent is null && _rescue == DeadlineRescue.Replace && !(attempt.HasAnswerAtHand && _standIns.LeftUntilLastCall(attempt) == TimeSpan.Zero)) return await ReplaceAsync(attempt, server, stop).ConfigureAwait(false);
            var reserved = 0.0;
            if (attempt.HasAnswerAtHand && silent is null && (isRescue || attempt.Decision.HedgeAfterSeconds is null)) attempt.MayGoOn = TryReserve(attempt, out reserved);
            return await RaceAsync(attempt, new(attempt, _local), server, isLate: true, silent, reserved, stop).ConfigureAwait(false);
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
    /// branches have ended without. A server that was <paramref name="silent"/> may still win. <paramref name="reserved"/> seconds are set apart for the device.
    /// </summary>
    private async Task<AttemptResult> RaceAsync(Attempt attempt, RaceBranch device, RaceBranch server, bool isLate, ServerHandle? silent, double reserved, CancellationToken stop)
    {
        var winner = device;
        Exception? failure = null;
        attempt.Stage = "device and server ran the rest";
        using (stop.UnsafeRegister(_ => { server.Stop(); device.Stop(); }, null))
        {
            if (await Task.WhenAny(device.Result, server.Result).ConfigureAwait(false) == server.Result || await HoldAsync(attempt, device, server, silent, stop).ConfigureAwait(false)) winner = server;
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
        _extra.Settle(reserved, inVain: 0);
        throw new OperationCanceledException(stop);

        async Task EndInVainAsync()
        {
            await device.DisposeAsync().ConfigureAwait(false);
            if (reserved <= 0) return;
            // Where there was an answer at hand the device has given that, and leaves behind what has yet to stop.
            if (attempt.RunBehind is { } behind) await behind.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _extra.Settle(reserved, attempt.BehindSeconds);
        }

        async Task<AttemptResult> EndAsync(double waited)
        {
            // Where both have failed the device is not asked again: its error is the caller's.
            if (winner.Result.IsFaulted && device.Result.IsFaulted)
            {
                if (server.Result.Exception?.InnerException is { } failed && ServerFault.Is(failed)) attempt.ReportServerFailure(failed);
                winner = device;
            }

            // An answer that was at hand without going on is no run.
            var result = await winner.Result.ConfigureAwait(false) with { IsRaced = !attempt.IsAnytime || attempt.HasGoneOn };
            if (winner == server)
            {
                if (device.Result is { IsCompletedSuccessfully: true, Result: { Exit: 0, IsByWayOfExits: false } overtaken }) result = result with { OvertakenSeconds = attempt.DeviceSeconds(overtaken.Outputs) };
                _background.Start(_ => EndInVainAsync());
                return result;
            }

            _extra.Settle(reserved, inVain: 0);
            if (failure is not null) return result with { Server = ServerFault.OutcomeOf(failure), OffloadSeconds = waited, ServerFailure = failure };
            _late.Collect(server, attempt, (RaceModel.PatienceInDeviceDelays - 1) * attempt.DeviceSeconds(result.Outputs));
            return isLate ? result with { Server = ServerOutcome.Overdue, OffloadSeconds = waited, ServerFailure = silent is null ? null : _silence!.Failure(silent) } : result with { Server = ServerOutcome.Pending };
        }
    }

    /// <summary>Holds a result of the device back, where a better one may yet come by the deadline. True where it has come.</summary>
    private async ValueTask<bool> HoldAsync(Attempt attempt, RaceBranch device, RaceBranch server, ServerHandle? silent, CancellationToken stop)
    {
        if (!device.Result.IsCompletedSuccessfully || !_standIns.IsSecondBest(attempt, device.Result.Result)) return false;
        if (server.Result.IsCompleted) return server.Result.IsCompletedSuccessfully;
        // Who shows no sign of life is waited for only where the device has next to nothing.
        if (silent is not null && !device.Result.Result.IsProvisional) return false;
        var left = _standIns.LeftUntilLastCall(attempt);
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

    /// <summary>Sets time apart for the device to go on beside the server though it has an answer at hand; without that it does not, and has what is at hand.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="seconds">What is set apart, s.</param>
    private bool TryReserve(Attempt attempt, out double seconds)
    {
        var left = _standIns.LeftUntilLastCall(attempt).TotalSeconds;
        seconds = Math.Min(left, _standIns.FastestSeconds(attempt) is > 0 and var device ? device : left);
        if (left > 0 && _extra.TryReserve(seconds)) return true;
        seconds = 0;
        return false;
    }

    private (TimeSpan Patience, bool IsRescue) PatienceFor(Attempt attempt)
    {
        var late = attempt.HasAnswerAtHand && !_extra.MayBegin ? 0 : attempt.Decision.LateAfterSeconds;
        var seconds = late > 0 ? late : double.PositiveInfinity;
        var isRescue = false;
        if (attempt.Decision.HedgeAfterSeconds is { } hedge) seconds = Math.Min(seconds, Math.Max(0, (TimeSpan.FromSeconds(Math.Min(hedge, LongestPatience.TotalSeconds)) - attempt.Total).TotalSeconds));
        else if (_rescue != DeadlineRescue.None && attempt.Budget.RemainingSeconds is { } remaining)
        {
            var device = _standIns.FastestSeconds(attempt);
            var start = device > 0 ? StandInRule.LatestStart(remaining, device) : remaining / 2;
            // A server is not stopped for what would be too late itself, where something is at hand.
            var isOfUse = start >= 0 || _rescue == DeadlineRescue.Race || !attempt.HasAnswerAtHand;
            if (isOfUse && start < seconds) (seconds, isRescue) = (Math.Max(start, 0), true);
        }

        if (attempt is { HasAnswerAtHand: true, Budget.IsLimited: true } && _standIns.LeftUntilLastCall(attempt).TotalSeconds is var left && left < seconds) (seconds, isRescue) = (left, true);
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
