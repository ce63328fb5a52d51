using SplitInfer.Policies.Quality;

namespace SplitInfer.Server.Scheduling;

/// <content>What waits, and how long that will take.</content>
internal sealed partial class FairQueue
{
    /// <summary>Jobs that would run before one that comes now, where all take equally long.</summary>
    public int Before(string machine, long connection, long dueAt)
    {
        var (ownMachine, own) = (Find(machine), 0);
        var ownFlow = ownMachine?.Find(connection);
        for (var node = ownFlow?.Jobs.First; node is not null && node.Value.Terms.DueAt <= dueAt; node = node.Next) own++;
        var ofMachine = own;
        if (ownMachine is not null)
        {
            foreach (var flow in ownMachine.Flows.Members)
                if (flow != ownFlow) ofMachine += Math.Min(flow.Jobs.Count, own + 1);
        }

        var before = ofMachine;
        foreach (var other in _machines.Members)
            if (other != ownMachine) before += Math.Min(other.JobCount, ofMachine + 1);
        return before;
    }

    /// <summary>The jobs that are due first, whosever they are.</summary>
    /// <param name="next">Receives when they are due and what they take at least, in the units of <paramref name="seconds"/>.</param>
    /// <param name="seconds">A timestamp in seconds.</param>
    /// <returns>How many there are.</returns>
    public int DueFirst(Span<WaitingRequest> next, Func<long, double> seconds)
    {
        var count = 0;
        foreach (var machine in _machines.Members)
        {
            foreach (var flow in machine.Flows.Members)
            {
                for (var node = flow.Jobs.First; node is not null; node = node.Next)
                {
                    var request = new WaitingRequest(seconds(node.Value.Terms.DueAt), node.Value.Terms is { LeastSeconds: > 0 and var least } ? least : node.Value.Terms.ExpectedSeconds);
                    var at = count;
                    while (at > 0 && next[at - 1].DueAt > request.DueAt) at--;
                    // Those behind it in the flow are due no sooner.
                    if (at == next.Length) break;
                    if (count < next.Length) count++;
                    next[at..(count - 1)].CopyTo(next[(at + 1)..]);
                    next[at] = request;
                }
            }
        }

        return count;
    }

    /// <summary>What runs before a job that comes now, s, by the turns that machines and connections will take if nothing else comes.</summary>
    /// <param name="terms">The job, of which <see cref="TailJobTerms.LeastSeconds"/> says what it takes.</param>
    /// <param name="ahead">By how many seconds of runs one that is due sooner may be ahead of its turn.</param>
    /// <param name="enough">Whoever waits for more, s, need not know for how much: turns are played no further, which takes time in proportion to what waits, for each of them.</param>
    public double SecondsBefore(in TailJobTerms terms, double ahead, double enough = double.PositiveInfinity)
    {
        var cost = Math.Max(LeastCost, terms.LeastSeconds);
        var machine = Find(terms.Machine);
        var flow = machine?.Find(terms.Connection);
        var (isNewMachine, isNewFlow) = (machine is null, flow is null);
        // In the place of members that it would have.
        if (isNewMachine)
        {
            (machine = _newMachine).Finish = _machines.Now + cost + _absent.LookAt(terms.Machine, _machines.Now);
            _machines.Members.Add(machine);
        }

        if (isNewFlow)
        {
            (flow = _newFlow).Finish = machine!.Flows.Now + cost + machine.AbsentFlows.LookAt(terms.Connection, machine.Flows.Now);
            machine.Flows.Members.Add(flow);
        }

        var (played, seconds) = (new PlayedQueue(flow!, terms.DueAt), 0.0);
        PlayedQueue.Begin(_machines.Members);
        while (seconds <= enough && TurnRule.Next(_machines.Members, played, ahead) is var (next, first) && !played.IsNew(first)) seconds += PlayedQueue.Serve(next, first);
        if (isNewFlow) machine!.Flows.Members.Remove(flow!);
        if (isNewMachine) _machines.Members.Remove(machine!);
        return seconds;
    }
}
