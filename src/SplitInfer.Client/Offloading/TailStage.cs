using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Transport;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Offloading;

/// <summary>
/// Has the tail of a request run: on the server, on both sides in a race, or on the device where the server fails. Owns the
/// transport. Thread-safe.
/// </summary>
internal sealed class TailStage : IAsyncDisposable
{
    /// <summary>A reply is late after this at the latest; timers count no farther than some weeks.</summary>
    private static readonly TimeSpan LongestPatience = TimeSpan.FromDays(1);

    private readonly ITailTransport _transport;
    private readonly IPartitionPolicy _policy;
    private readonly ArmMask _mask;
    private readonly TimeProvider _time;
    private readonly ConcurrentQueue<ReplyWait> _waits = [];

    public TailStage(ITailTransport transport, IPartitionPolicy policy, ArmMask mask, TimeSpan probeInterval, TimeProvider time)
    {
        (_transport, _policy, _mask, _time) = (transport, policy, mask, time);
        Watch = new(transport as IServerPing, policy, probeInterval, time);
        Late = new(policy, Watch, Report, time);
    }

    /// <summary>Whether the server can be used.</summary>
    public ServerWatch Watch { get; }

    /// <summary>What is left of races.</summary>
    public LateReplies Late { get; }

    /// <summary>Whether the device may run the tail beside the server, so that either may go on when the caller has its result.</summary>
    public static bool MayRace(in Decision decision) => decision.IsRaced || decision.LateAfterSeconds > 0;

    /// <summary>Whether an error says that the server failed, so that the device may still succeed. A deadline that has passed is none: a later result would be of no use.</summary>
    public static bool IsOfServer(Exception error) =>
        error is ServerUnreachableException or ProtocolException || (error is TailRefusedException refusal && refusal.Code != RefusalCode.DeadlineExceeded);

    /// <summary>The same arm, with a codec that the server takes: one that loses nothing in place of one that its operator does not allow. What it costs is learned like any other cost of the arm.</summary>
    public Arm Agreed(Arm arm)
    {
        var accepted = (_transport as RemoteTailTransport)?.AcceptedCodecs ?? [];
        if (accepted.IsDefaultOrEmpty || accepted.Any(codec => codec.Name == arm.Codec)) return arm;
        return arm with { Codec = accepted.FirstOrDefault(static codec => codec.IsLossless)?.Name ?? arm.Codec };
    }

    /// <summary>Has the server run the tail; its errors are the caller's.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask OffloadAsync(InferencePass pass, TimeSpan? deadline, CancellationToken cancellationToken) =>
        pass.Take(await pass.OffloadAsync(_transport, deadline, cancellationToken).ConfigureAwait(false));

    /// <summary>Has the tail run as a policy decided. Where the server fails, the device finishes the job.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(InferencePass pass, Decision decision, TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        try
        {
            if (decision.IsRaced)
            {
                await RaceAsync(pass, decision, DeviceSide(pass), ServerSide(pass, deadline), began, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (MayRace(decision))
            {
                await OffloadOrRaceAsync(pass, decision, deadline, began, cancellationToken).ConfigureAwait(false);
                return;
            }

            await OffloadAsync(pass, deadline, cancellationToken).ConfigureAwait(false);
            Watch.Answered();
        }
        catch (Exception failure) when (IsOfServer(failure))
        {
            Miss(pass, failure, began);
            pass.Take(await pass.FinishAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (TailRefusedException failure)
        {
            pass.Miss(failure, _time.GetElapsedTime(began));
            _policy.Observe(decision, pass.Observation);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Late.DisposeAsync().ConfigureAwait(false);
        await Watch.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for the reply, and races it once it is late.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask OffloadOrRaceAsync(InferencePass pass, Decision decision, TimeSpan? deadline, long began, CancellationToken cancellationToken)
    {
        if (!_waits.TryDequeue(out var wait)) wait = new(_time);
        bool isInTime;
        using (cancellationToken.UnsafeRegister(static wait => ((ReplyWait)wait!).Stop.Cancel(), wait))
            isInTime = await wait.UntilLate(pass.OffloadAsync(_transport, deadline, wait.Stop.Token), PatienceOf(decision)).ConfigureAwait(false);
        if (!isInTime)
        {
            await RaceAsync(pass, decision, DeviceSide(pass), new(pass, wait.TakeLate(), wait.Stop), began, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            pass.Take(wait.Take());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            if (wait.Stop.TryReset()) _waits.Enqueue(wait);
        }

        Watch.Answered();
    }

    /// <summary>The first answer wins. Ends when there is one, or when both sides have ended without.</summary>
    private async ValueTask RaceAsync(InferencePass pass, Decision decision, RaceSide device, RaceSide server, long began, CancellationToken cancellationToken)
    {
        var winner = device;
        using (cancellationToken.UnsafeRegister(_ => { server.Stop(); device.Stop(); }, null))
        {
            if (await Task.WhenAny(device.Answer, server.Answer).ConfigureAwait(false) == server.Answer) winner = server;
            if (server.Answer.IsFaulted) Miss(pass, server.Answer.Exception.InnerException!, began);
            if (!winner.Answer.IsCompletedSuccessfully) winner = winner == server ? device : server;
            await ((Task)winner.Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            await device.DisposeAsync().ConfigureAwait(false);
            await server.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        pass.Take(await winner.Answer.ConfigureAwait(false));
        if (winner == server)
        {
            Watch.Answered();
            Late.Discard(device);
        }
        else if (pass.ServerFailure is null)
        {
            if (!decision.IsRaced) pass.Overtake(_time.GetElapsedTime(began));
            Late.Await(server, decision, pass.Progress, pass.DeviceTime, began);
        }
    }

    private RaceSide ServerSide(InferencePass pass, TimeSpan? deadline) => new(pass, stop => pass.OffloadAsync(_transport, deadline, stop));

    private static RaceSide DeviceSide(InferencePass pass) => new(pass, pass.RaceAsync);

    private static TimeSpan PatienceOf(in Decision decision) =>
        decision.LateAfterSeconds < LongestPatience.TotalSeconds ? TimeSpan.FromSeconds(decision.LateAfterSeconds) : LongestPatience;

    private void Miss(InferencePass pass, Exception failure, long began)
    {
        Report(pass.Partition.Index, failure);
        pass.Miss(failure, _time.GetElapsedTime(began));
    }

    /// <summary>Leaves out a partition whose tail the server does not run: it is in order but for that. Any other failure of the server's counts against it.</summary>
    private void Report(int partition, Exception failure)
    {
        if (failure is TailRefusedException { Code: RefusalCode.PartitionUnavailable or RefusalCode.InvalidPartition }) _mask.Add(partition, failure.Message);
        else if (IsOfServer(failure)) Watch.Failed(failure);
    }
}
