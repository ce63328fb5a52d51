namespace SplitInfer.Policies.Quality;

/// <summary>Which of the waiting requests are in time when all run to their shallowest exits, depending on when a lane gets free.</summary>
internal static class SlackRule
{
    /// <summary>The most requests and lanes that are looked at.</summary>
    public const int MaxRequests = 32;
    public const int MaxLanes = 64;

    /// <summary>Whether keeping a lane for longer makes a waiting request late that is in time otherwise.</summary>
    /// <param name="queue">What waits.</param>
    /// <param name="requests">How many of it count.</param>
    /// <param name="shortAt">When the lane gets free at the earliest.</param>
    /// <param name="longAt">When it would get free.</param>
    public static bool Harms(in QueueView queue, int requests, double shortAt, double longAt)
    {
        var next = queue.Next[..Math.Min(requests, queue.Next.Length)];
        return !next.IsEmpty && (InTime(next, queue.OthersFreeAt, shortAt) & ~InTime(next, queue.OthersFreeAt, longAt)) != 0;
    }

    /// <summary>A bit for each request that is in time. One that cannot be is left out, and takes no time.</summary>
    public static uint InTime(ReadOnlySpan<WaitingRequest> next, ReadOnlySpan<double> othersFreeAt, double freeAt)
    {
        if (othersFreeAt.Length >= MaxLanes) othersFreeAt = othersFreeAt[..(MaxLanes - 1)];
        Span<double> lanes = stackalloc double[othersFreeAt.Length + 1];
        othersFreeAt.CopyTo(lanes);
        lanes[^1] = freeAt;
        var inTime = 0u;
        for (var i = 0; i < next.Length; i++)
        {
            var first = 0;
            for (var lane = 1; lane < lanes.Length; lane++)
                if (lanes[lane] < lanes[first]) first = lane;
            if (lanes[first] + next[i].LeastSeconds > next[i].DueAt) continue;
            lanes[first] += next[i].LeastSeconds;
            inTime |= 1u << i;
        }

        return inTime;
    }
}
