namespace SplitInfer.Server.Scheduling;

/// <content>What a batch has to know of those that wait.</content>
internal sealed partial class FairQueue
{
    /// <summary>How many jobs wait that are meant, whether their turn is near or not.</summary>
    public int CountOf(Func<TailJob, bool> isMeant)
    {
        var count = 0;
        foreach (var machine in _machines.Members)
            foreach (var flow in machine.Flows.Members)
                for (var node = flow.Jobs.First; node is not null; node = node.Next) count += isMeant(node.Value) ? 1 : 0;
        return count;
    }

    /// <summary>Does something with every job that waits, which then still waits.</summary>
    public void ForEach(Action<TailJob> action)
    {
        foreach (var machine in _machines.Members)
            foreach (var flow in machine.Flows.Members)
                for (var node = flow.Jobs.First; node is not null; node = node.Next) action(node.Value);
    }

    /// <summary>
    /// Whether a job may be late that one overtakes to run at once, though it would not be without: were it the last of all that wait, which all ran one after the other. That is what can be
    /// promised in whatever order they then run.
    /// </summary>
    /// <param name="overtaking">The one that overtakes.</param>
    /// <param name="now">The time.</param>
    /// <param name="freeAt">When its run ends.</param>
    /// <param name="secondsOf">What a job takes alone, s.</param>
    /// <param name="clock">A timestamp in seconds, as the times are.</param>
    public bool MayMissDeadline(TailJob overtaking, double now, double freeAt, Func<TailJob, double> secondsOf, Func<long, double> clock)
    {
        var (last, soonest) = (freeAt, double.PositiveInfinity);
        foreach (var machine in _machines.Members)
        {
            foreach (var flow in machine.Flows.Members)
            {
                for (var node = flow.Jobs.First; node is not null; node = node.Next)
                {
                    if (node.Value == overtaking) continue;
                    var (seconds, dueAt) = (secondsOf(node.Value), clock(node.Value.Terms.DueAt));
                    last += seconds;
                    // One that is late already cannot become so.
                    if (now + seconds <= dueAt) soonest = Math.Min(soonest, dueAt);
                }
            }
        }

        return last > soonest;
    }
}
