namespace SplitInfer.Server.Scheduling;

/// <summary>
/// Jobs that were accepted by their headers and are still being received. They count as waiting for a moment, or whoever comes meanwhile would be
/// accepted in the same place, and be refused once all of it has come. Only for a moment, or clients that announce jobs and do not send them would
/// keep others out. Not thread-safe.
/// </summary>
internal sealed class Arrivals
{
    private readonly LinkedList<Arrival> _arrivals = [];
    private long _last;

    /// <summary>How many there are.</summary>
    public int Count => _arrivals.Count;

    /// <summary>What they count, in mean runs.</summary>
    public double Runs { get; private set; }

    /// <summary>A job was accepted.</summary>
    /// <param name="terms">What is known of it.</param>
    /// <param name="runs">What it counts, in mean runs.</param>
    /// <param name="until">Until when it counts, as a timestamp.</param>
    /// <returns>A number that no other job has.</returns>
    public long Add(in TailJobTerms terms, double runs, long until)
    {
        _arrivals.AddLast(new Arrival(++_last, terms.Machine, terms.Connection, runs, until));
        Runs += runs;
        return _last;
    }

    /// <summary>A job has come, or will not, and counts no more. Does nothing where its moment has passed.</summary>
    /// <param name="number">What <see cref="Add"/> has returned.</param>
    public void Remove(long number)
    {
        for (var node = _arrivals.First; node is not null; node = node.Next)
        {
            if (node.Value.Number != number) continue;
            Remove(node);
            return;
        }
    }

    /// <summary>Those whose moment has passed count no more.</summary>
    public void Expire(long now)
    {
        // The moment is as long for all that come within a few runs, so the first is due first, or nearly so.
        while (_arrivals.First is { } first && first.Value.Until <= now) Remove(first);
    }

    /// <summary>What those of one machine count, and of one of its connections.</summary>
    public (double Machine, double Connection) RunsOf(string machine, long connection)
    {
        var (ofMachine, ofConnection) = (0.0, 0.0);
        foreach (var arrival in _arrivals)
        {
            if (arrival.Machine != machine) continue;
            ofMachine += arrival.Runs;
            if (arrival.Connection == connection) ofConnection += arrival.Runs;
        }

        return (ofMachine, ofConnection);
    }

    private void Remove(LinkedListNode<Arrival> node)
    {
        Runs = _arrivals.Count == 1 ? 0 : Runs - node.Value.Runs;
        _arrivals.Remove(node);
    }

    private readonly record struct Arrival(long Number, string Machine, long Connection, double Runs, long Until);
}
