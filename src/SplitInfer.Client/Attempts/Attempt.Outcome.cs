using SplitInfer.Client.Device;
using SplitInfer.Policies;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Attempts;

/// <content>What policies are told of an attempt.</content>
internal sealed partial class Attempt
{
    // By the numbers of settings, so that a policy knows the exit of its arm again. One that was not sure has done what it would have done if it had been forced.
    private int ExitSetting => _result.IsFromServer || _result.Exit == 0 || Exits.Exits is not { } exits ? 0
        : _result.IsProvisional ? exits.Count + _result.Exit
        : _result.Exit == exits.On(cut.Partition.Index) && decision.Arm.Exit > 0 ? decision.Arm.Exit
        : _result.Exit;

    private TailRefusedException? Refusal => ServerFailure as TailRefusedException;

    /// <summary>What the whole model took on the device, s, where the device ran the tail.</summary>
    public double DeviceSeconds(in TailOutputs tail) => tail.Time <= TimeSpan.Zero ? 0 : tail.IsWhole ? tail.Time.TotalSeconds : (HeadTime + tail.Time).TotalSeconds;

    /// <summary>What the attempt cost, once it is complete or has failed.</summary>
    /// <param name="kind">Whether there is a result.</param>
    public Outcome CreateOutcome(OutcomeKind kind) => new()
    {
        // What a stream chose is not the policy's to learn from: delays in it contain those of other frames.
        Decision = Lane is null ? Decision : Decision with { IsNamed = true },
        Kind = kind,
        Server = kind == OutcomeKind.Completed ? _result.Server
            : _offloadBegan is null ? ServerOutcome.NotAsked
            : ServerFailure is { } failure ? ServerFault.OutcomeOf(failure)
            : ServerOutcome.Abandoned,
        HeadSeconds = HeadSecondsOf(kind),
        EncodeSeconds = EncodeSeconds,
        DeviceSeconds = kind == OutcomeKind.Completed ? DeviceSecondsOfResult() : 0,
        Exit = kind == OutcomeKind.Completed ? ExitSetting : 0,
        Confidence = kind == OutcomeKind.Completed && !_result.IsFromServer ? _result.Confidence : 0,
        LocalExitAnswered = Decision.Local is { Exit: > 0 } local && Volatile.Read(ref _localExit) is var noted && Math.Abs(noted) == local.Exit ? noted > 0 : null,
        IsExitBarred = decision.Arm.Exit > 0 && (Early is not null || !Exits.MayAnswer),
        OffloadSeconds = kind == OutcomeKind.Completed ? _result.OffloadSeconds : WaitedSeconds,
        ServerSeconds = _result.ServerTimings.TotalSeconds,
        QueueSeconds = _result.ServerTimings.QueueSeconds,
        ServerPrice = Refusal?.Price ?? _result.ServerLoad.Price,
        ServerPlaces = Refusal?.Places ?? _result.ServerLoad.PlausiblePlaces,
        // Of a server that may still reply, the late reply tells.
        BytesSent = kind == OutcomeKind.Completed && _result.Server is (ServerOutcome.Pending or ServerOutcome.Overdue) ? 0 : Progress.BytesSent,
    };

    // An arm on the device whose exit did not answer is to take as long as the whole model does. Where the device did not get to the end, or by way of exits, which takes longer, nothing tells that.
    private double HeadSecondsOf(OutcomeKind kind)
    {
        if (_hasArrived) return 0;
        if (decision.Arm is not { IsOnDevice: true, Exit: > 0 } || kind == OutcomeKind.LateReply) return HeadTime.TotalSeconds;
        if (kind != OutcomeKind.Completed) return 0;
        if (_result.Exit > 0) return ExitSetting == decision.Arm.Exit ? HeadTime.TotalSeconds : 0;
        return Exits.IsForced(decision.Arm) || _result.IsByWayOfExits ? 0 : (HeadTime + _result.Outputs.Time).TotalSeconds;
    }

    private double DeviceSecondsOfResult() =>
        _result.IsFromServer ? _result.OvertakenSeconds
        : decision.Arm.IsOnDevice || _result is not { Exit: 0, IsByWayOfExits: false } ? 0
        : DeviceSeconds(_result.Outputs);
}
