namespace SplitInfer.Client;

/// <summary>Times the stages of one request, one after the other.</summary>
internal struct StageClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _lap = time.GetTimestamp();

    /// <summary>Time since the last lap, or since the start.</summary>
    public TimeSpan Lap()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_lap, now);
        _lap = now;
        return elapsed;
    }

    /// <summary>A clock that starts at this moment, for a stage beside others.</summary>
    public readonly StageClock Fork() => new(time);

    /// <summary>Time since the start.</summary>
    public readonly TimeSpan Total() => time.GetElapsedTime(_start);
}
