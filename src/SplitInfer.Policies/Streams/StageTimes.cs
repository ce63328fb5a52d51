namespace SplitInfer.Policies.Streams;

/// <summary>
/// When a frame was in each stage, in seconds of the clock of <see cref="StreamMoment.NowSeconds"/>. From these the planner works out how long the frame
/// occupied each stage, which is not how long it was there: it waited behind others.
/// </summary>
public readonly record struct StageTimes
{
    /// <summary>What the planner chose.</summary>
    public required StreamDecision Decision { get; init; }

    /// <summary>When the route was chosen.</summary>
    public double QueuedAt { get; init; }

    /// <summary>When the device began with the frame: the head, or the whole model.</summary>
    public double DeviceBegan { get; init; }

    /// <summary>
    /// When the device had ended with it, encoding included as far as sending does not hide it. Equal to <see cref="DeviceBegan"/> where the device did nothing.
    /// </summary>
    public double DeviceEnded { get; init; }

    /// <summary>When the first byte could leave; NaN where nothing was sent.</summary>
    public double SendBegan { get; init; }

    /// <summary>When the decoded reply was there; NaN where none came.</summary>
    public double RepliedAt { get; init; }

    /// <summary>Bits that were sent.</summary>
    public double Bits { get; init; }

    /// <summary>Seconds that the server reports: queue, decode, run and encode.</summary>
    public double ServerSeconds { get; init; }

    /// <summary>The part of <see cref="ServerSeconds"/> for which the frame waited for a place to run.</summary>
    public double ServerQueueSeconds { get; init; }

    /// <summary>How many frames the server runs at a time, by its reply; 0 (the default) where it did not say.</summary>
    public int ServerPlaces { get; init; }

    /// <summary>What became of the frame.</summary>
    public StreamFate Fate { get; init; }

    /// <summary>Whether the reply tells of link and server.</summary>
    internal bool HasReply => double.IsFinite(SendBegan) && double.IsFinite(RepliedAt) && ServerSeconds >= 0 && RepliedAt - SendBegan > ServerSeconds;

    /// <summary>For how long the device was occupied, s; 0 where that is not known.</summary>
    internal double DeviceSeconds => DeviceEnded - DeviceBegan is > 0 and < Outcome.MaxSeconds and var seconds ? seconds : 0;
}
