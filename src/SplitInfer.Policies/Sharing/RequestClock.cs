namespace SplitInfer.Policies.Sharing;

/// <summary>How often requests of this client come, by an injected clock. Not thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class RequestClock(TimeProvider time)
{
    /// <summary>How long a request counts, s.</summary>
    private const double Memory = 5;

    private readonly long _start = time.GetTimestamp();
    private DiscountedSum _requests = new(Memory);

    /// <summary>Time of the last request, s since the beginning.</summary>
    public double Now { get; private set; }

    /// <summary>Requests a second.</summary>
    public double RequestsPerSecond => _requests.At(Now) / (Memory * (1 - Math.Exp(-Math.Max(Now, 1) / Memory)));

    /// <summary>The time, s since the beginning.</summary>
    public double Read() => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>Counts a request.</summary>
    public void Advance()
    {
        Now = Read();
        _requests.Add(1, Now);
    }
}
