using SplitInfer.Emulation;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Remembers what a link was like since when, and whether replies could come. Not thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class AnytimeConditions(TimeProvider time)
{
    private readonly List<(long At, LinkConditions Link, bool IsDark)> _changes = [];

    /// <summary>From now on it is so.</summary>
    public void Become(LinkConditions link, bool isDark) => _changes.Add((time.GetTimestamp(), link, isDark));

    /// <summary>What it was like in a time.</summary>
    /// <param name="from">When that began.</param>
    /// <param name="length">How long it is; what has not come yet is as it is now.</param>
    /// <returns>What the link was like while replies could come, and how long they could not.</returns>
    public (IReadOnlyList<LinkConditions> Links, TimeSpan Dark) During(long from, TimeSpan length)
    {
        var (links, dark) = (new List<LinkConditions>(), TimeSpan.Zero);
        for (var i = 0; i < _changes.Count; i++)
        {
            var (at, link, isDark) = _changes[i];
            var (begin, end) = (Since(at), i + 1 < _changes.Count ? Since(_changes[i + 1].At) : length);
            if (end <= TimeSpan.Zero || begin >= length) continue;
            if (isDark) dark += (end < length ? end : length) - (begin > TimeSpan.Zero ? begin : TimeSpan.Zero);
            else links.Add(link);
        }

        return (links, dark);

        TimeSpan Since(long at) => time.GetElapsedTime(from, at);
    }
}
