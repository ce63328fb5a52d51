namespace SplitInfer.Client.Transport;

/// <summary>The time that one request has, from the call to the result: its deadline bounds the choice, the head, the wait and the fallback alike.</summary>
internal readonly struct RequestBudget
{
    /// <summary>Timers count no further than some weeks; a longer deadline is none.</summary>
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(24);

    /// <summary>What timers and threads may add to a time: how much before the deadline a result must be given to be there by then, and how much later one still is.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(5);

    private readonly TimeProvider? _time;
    private readonly long _began;
    private readonly TimeSpan _deadline;

    private RequestBudget(TimeProvider? time, TimeSpan deadline) => (_time, _began, _deadline) = (time, time?.GetTimestamp() ?? 0, deadline);

    /// <summary>Whether there is a deadline.</summary>
    public bool IsLimited => _time is not null;

    /// <summary>What is left until the deadline, at least none; infinite without a deadline.</summary>
    public TimeSpan Remaining => _time is null ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(Math.Max(0, (_deadline - _time.GetElapsedTime(_began)).Ticks));

    /// <summary><see cref="Remaining"/> in seconds; null without a deadline.</summary>
    public double? RemainingSeconds => IsLimited ? Remaining.TotalSeconds : null;

    /// <summary>Whether what is ready only now is too late to be a result: the deadline has passed, and not only by the <see cref="Tolerance"/>.</summary>
    public bool IsOver => _time is not null && _time.GetElapsedTime(_began) > _deadline + Tolerance;

    /// <summary>How long what is ready may still be held back for something better, at least nothing; infinite without a deadline. Timers and threads take time, and so does making a result.</summary>
    /// <param name="making">How long that takes.</param>
    public TimeSpan LeftUntilLastCall(TimeSpan making)
    {
        if (!IsLimited) return Timeout.InfiniteTimeSpan;
        var margin = Tolerance < _deadline / 4 ? Tolerance : _deadline / 4;
        return TimeSpan.FromTicks(Math.Max(0, (Remaining - margin - making).Ticks));
    }

    /// <summary>The budget of a request that begins now.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="deadline">How long the result is useful; null or infinite for ever.</param>
    public static RequestBudget Start(TimeProvider time, TimeSpan? deadline) => deadline is { } limit && limit != Timeout.InfiniteTimeSpan && limit < LongestDeadline ? new(time, limit) : default;

    /// <summary>What the caller is told when the deadline has passed.</summary>
    /// <param name="stage">What the request was doing, such as "running the head".</param>
    /// <param name="cause">What showed it, such as the server's refusal; null where the time ran out here.</param>
    public RequestTimeoutException Exceeded(string stage, Exception? cause = null) => new(
        $"No result was ready within the {_deadline.TotalMilliseconds:0.####} ms of the deadline; the time ran out while {stage}. Allow more time; where a partition is fixed, leave that to a policy, which keeps to the deadline as far as it can.", _deadline, stage, cause);
}

/// <summary>A request had no result by its deadline. What it had begun was stopped, on the device and on the server.</summary>
public sealed class RequestTimeoutException : TimeoutException
{
    internal RequestTimeoutException(string message, TimeSpan deadline, string stage, Exception? inner) : base(message, inner) => (Deadline, Stage) = (deadline, stage);

    /// <summary>The deadline, from the call on.</summary>
    public TimeSpan Deadline { get; }

    /// <summary>What the request was doing when the time ran out, such as "running the head"; for people.</summary>
    public string Stage { get; }
}
