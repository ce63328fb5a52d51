using System.Diagnostics.CodeAnalysis;

namespace SplitInfer.Server.Scheduling;

/// <summary>
/// Jobs that wait, shared out fairly: machines get equal parts of the run time, the connections of one machine equal parts of its own, and each
/// connection's jobs run by their deadlines. Self-clocked fair queueing (Golestani, 1994), once among machines and once among the connections of each,
/// with run times as costs: who comes anew starts behind the job that was served last, so that changing connections gains nothing. Not thread-safe.
/// </summary>
/// <remarks>
/// Among those whose turn is near, the job that is due first runs first, whosever it is: a member may be served before its turn as long as it is then at most so many
/// seconds of runs ahead of the one whose turn it is, which keeps its own, also where it has nothing waiting for a while. So nobody is overtaken by more than that, however soon
/// others say that theirs are due, and shares are equal in the long run.
/// </remarks>
internal sealed partial class FairQueue
{
    // What a job counts at least, s, so that turns are taken where runs take no time.
    private const double LeastCost = 1e-6;

    private readonly Turns<WaitingMachine> _machines = new();
    private readonly AbsentMembers<string> _absent = new();

    // Stand for one that has nothing waiting yet.
    private readonly WaitingMachine _newMachine = new("");
    private readonly WaitingFlow _newFlow = new(0);

    /// <summary>Jobs that wait.</summary>
    public int Count { get; private set; }

    /// <summary>What they count together, in mean runs.</summary>
    public double Runs { get; private set; }

    /// <summary>Adds a job.</summary>
    /// <param name="job">The job; what it is charged is in <see cref="TailJobTerms.ExpectedSeconds"/>, at least as much as a run may count.</param>
    public void Add(TailJob job)
    {
        job.Expect(Math.Max(LeastCost, job.Terms.ExpectedSeconds));
        var cost = job.Terms.ExpectedSeconds;
        var machine = Find(job.Terms.Machine) ?? _machines.Add(new(job.Terms.Machine), cost + _absent.Take(job.Terms.Machine, _machines.Now));
        var flow = machine.Find(job.Terms.Connection) ?? machine.Flows.Add(new(job.Terms.Connection), cost + machine.AbsentFlows.Take(job.Terms.Connection, machine.Flows.Now));
        // Most come in the order of their deadlines.
        var before = flow.Jobs.Last;
        while (before is not null && before.Value.Terms.DueAt > job.Terms.DueAt) before = before.Previous;
        if (before is null) flow.Jobs.AddFirst(job.Node);
        else flow.Jobs.AddAfter(before, job.Node);
        Count++;
        Runs += job.CountedRuns;
    }

    /// <summary>Takes the job that is to run next.</summary>
    /// <param name="mayRun">Whether a job may run now; the first of a connection that may not lets those of others by.</param>
    /// <param name="ahead">By how many seconds of runs one that is due sooner may be ahead of its turn.</param>
    /// <param name="job">The job.</param>
    public bool TryTake(Func<TailJob, bool> mayRun, double ahead, [NotNullWhen(true)] out TailJob? job) => TryTake(mayRun, mayRun, ahead, out job);

    /// <summary>Takes the job that is to run next of those that are meant, if its turn is near enough among all that may run.</summary>
    /// <param name="mayRun">As above.</param>
    /// <param name="isMeant">Whether a job is meant; the first of a connection that is not keeps those behind it.</param>
    /// <param name="ahead">As above.</param>
    /// <param name="job">The job.</param>
    public bool TryTake(Func<TailJob, bool> mayRun, Func<TailJob, bool> isMeant, double ahead, [NotNullWhen(true)] out TailJob? job)
    {
        job = null;
        if (TurnRule.Next(_machines.Members, new PresentQueue(mayRun, isMeant), ahead) is not var (machine, flow)) return false;
        job = flow.Jobs.First!.Value;
        job.Turn = (machine.Finish, flow.Finish);
        machine.Flows.Serve(flow, job.Terms.ExpectedSeconds);
        _machines.Serve(machine, job.Terms.ExpectedSeconds);
        Remove(job);
        return true;
    }

    /// <summary>The job that <see cref="TryTake(Func{TailJob, bool}, Func{TailJob, bool}, double, out TailJob?)"/> would take; null where it would take none.</summary>
    public TailJob? Next(Func<TailJob, bool> mayRun, Func<TailJob, bool> isMeant, double ahead) => TurnRule.Next(_machines.Members, new PresentQueue(mayRun, isMeant), ahead)?.Flow.Jobs.First!.Value;

    /// <summary>A job that was taken has run: its machine and connection are charged for what it took rather than for what was expected.</summary>
    /// <param name="job">The job.</param>
    /// <param name="seconds">What it took, s.</param>
    public void Settle(TailJob job, double seconds)
    {
        var more = Math.Max(LeastCost, seconds) - job.Terms.ExpectedSeconds;
        var machine = Find(job.Terms.Machine);
        if (machine is not null) _machines.Settle(machine, more);
        else if (job.Turn is { } turn) _absent.Settle(job.Terms.Machine, turn.Machine, more, _machines.Now);
        if (machine is null) return;
        if (machine.Find(job.Terms.Connection) is { } flow) machine.Flows.Settle(flow, more);
        else if (job.Turn is { } turn) machine.AbsentFlows.Settle(job.Terms.Connection, turn.Flow, more, machine.Flows.Now);
    }

    /// <summary>Removes a job that waits.</summary>
    public void Remove(TailJob job)
    {
        var machine = Find(job.Terms.Machine)!;
        var flow = machine.Find(job.Terms.Connection)!;
        flow.Jobs.Remove(job.Node);
        Count--;
        // From nothing again, so that what rounding leaves does not add up.
        Runs = Count == 0 ? 0 : Runs - job.CountedRuns;
        if (flow.Jobs.Count > 0) return;
        machine.Flows.Members.Remove(flow);
        // Where its machine goes as well, there is nobody left whom it would be before.
        if (machine.Flows.Members.Count > 0) machine.AbsentFlows.Note(flow.Connection, machine.Flows.Now - (flow.Finish - job.Terms.ExpectedSeconds));
        else
        {
            _machines.Members.Remove(machine);
            _absent.Note(machine.Name, _machines.Now - (machine.Finish - job.Terms.ExpectedSeconds));
        }
    }

    private WaitingMachine? Find(string name)
    {
        foreach (var machine in _machines.Members)
            if (machine.Name == name) return machine;
        return null;
    }
}
