namespace SplitInfer.Client.Device;

/// <summary>Times the stages of one request, one after the other.</summary>
internal struct StageTimer(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _stage = time.GetTimestamp();

    /// <summary>Ends the current stage and starts the next one.</summary>
    /// <returns>Duration of the stage that ended.</returns>
    public TimeSpan Restart()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_stage, now);
        _stage = now;
        return elapsed;
    }

    /// <summary>A timer that starts at this moment, for a stage that runs beside others.</summary>
    public readonly StageTimer StartNew() => new(time);

    /// <summary>Time since the start of the first stage.</summary>
    public readonly TimeSpan Total() => time.GetElapsedTime(_start);
}
