using System.Diagnostics.CodeAnalysis;
using SplitInfer.Policies.Quality;

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
internal sealed class FairQueue
{
    // What a job counts at least, s, so that turns are taken where runs take no time.
    private const double LeastCost = 1e-6;

    private const double LeastGivenUp = 2;

    private readonly Turns<Machine> _machines = new();
    private readonly Overtaken<string> _overtakenMachines = new(256);
    private readonly Overtaken<(string Machine, long Connection)> _overtakenFlows = new(1024);

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
        var machine = Find(job.Terms.Machine) ?? _machines.Add(new(job.Terms.Machine), cost - _overtakenMachines.Take(job.Terms.Machine));
        var flow = machine.Find(job.Terms.Connection) ?? machine.Flows.Add(new(job.Terms.Connection), cost - _overtakenFlows.Take((job.Terms.Machine, job.Terms.Connection)));
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
    public bool TryTake(Func<TailJob, bool> mayRun, double ahead, [NotNullWhen(true)] out TailJob? job)
    {
        job = null;
        var turn = double.PositiveInfinity;
        foreach (var other in _machines.Members)
            if (other.Finish < turn && NextFlow(other, mayRun, ahead) is not null) turn = other.Finish;
        var (machine, flow) = (default(Machine), default(Flow));
        foreach (var other in _machines.Members)
        {
            if (other.Finish > turn + ahead || NextFlow(other, mayRun, ahead) is not { } next) continue;
            if (machine is null || IsBefore(next, other.Finish, flow!, machine.Finish)) (machine, flow) = (other, next);
        }

        if (machine is null || flow is null) return false;
        job = flow.Jobs.First!.Value;
        machine.Flows.Serve(flow, job.Terms.ExpectedSeconds);
        _machines.Serve(machine, job.Terms.ExpectedSeconds);
        Remove(job);
        return true;
    }

    /// <summary>A job that was taken has run: its machine and connection are charged for what it took rather than for what was expected.</summary>
    /// <param name="job">The job.</param>
    /// <param name="seconds">What it took, s.</param>
    public void Settle(TailJob job, double seconds)
    {
        var more = Math.Max(LeastCost, seconds) - job.Terms.ExpectedSeconds;
        if (Find(job.Terms.Machine) is not { } machine) return;
        _machines.Settle(machine, more);
        if (machine.Find(job.Terms.Connection) is { } flow) machine.Flows.Settle(flow, more);
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
        if (machine.Flows.Members.Count > 0) _overtakenFlows.Note((machine.Name, flow.Connection), machine.Flows.Now - (flow.Finish - job.Terms.ExpectedSeconds));
        else
        {
            _machines.Members.Remove(machine);
            _overtakenMachines.Note(machine.Name, _machines.Now - (machine.Finish - job.Terms.ExpectedSeconds));
        }
    }

    /// <summary>
    /// Whether a job is within the share of its machine and connection, which is an equal part of the whole for each that has something waiting: one that
    /// has more waits for as many turns of all others. The first job of a connection always is.
    /// </summary>
    /// <param name="terms">The job.</param>
    /// <param name="counted">What it counts.</param>
    /// <param name="whole">What may wait in all, in mean runs.</param>
    /// <param name="arriving">What counts already for its machine and its connection beside what waits, in mean runs.</param>
    public bool IsWithinShare(in TailJobTerms terms, double counted, double whole, (double Machine, double Connection) arriving = default)
    {
        var machine = Find(terms.Machine);
        var flow = machine?.Find(terms.Connection);
        var (ofMachine, ofFlow) = ((machine?.Runs ?? 0) + arriving.Machine, (flow?.Runs ?? 0) + arriving.Connection);
        var share = whole / (_machines.Members.Count + (machine is null ? 1 : 0));
        if (ofMachine > 0 && ofMachine + counted > Math.Max(1, share)) return false;
        share /= machine is null ? 1 : machine.Flows.Members.Count + (flow is null ? 1 : 0);
        return ofFlow == 0 || ofFlow + counted <= share;
    }

    /// <summary>Whether nothing of a machine waits, and of every other one a single job: room or not, there is no fairer way than to let it wait.</summary>
    public bool IsFirstBesideSingles(string machine)
    {
        foreach (var other in _machines.Members)
            if (other.Name == machine || other.JobCount > 1) return false;
        return true;
    }

    /// <summary>
    /// The job that has to leave so that another one may wait in its place: the last of the machine that is most over its share, or of the connection; null
    /// where none is. Beside the first job of a machine, which may count more than a share, several jobs of another one are over theirs where not all have room.
    /// </summary>
    /// <param name="by">A job that is within its share.</param>
    /// <param name="counted">What it counts.</param>
    /// <param name="whole">What may wait in all, in mean runs.</param>
    public TailJob? Displaced(in TailJobTerms by, double counted, double whole)
    {
        var own = Find(by.Machine);
        var share = whole / (_machines.Members.Count + (own is null ? 1 : 0));
        var left = own is null ? Math.Min(share, whole - counted) : share;
        var (largest, size) = (own, 0.0);
        foreach (var machine in _machines.Members)
            if (machine != own && machine.Runs > Math.Max(size, machine.JobCount > 1 ? left : share)) (largest, size) = (machine, machine.Runs);
        if (largest is null) return null;
        var (victim, most) = (default(Flow), 0.0);
        // A job that has come and waited is not given up for another one of the same machine unless that makes a difference.
        if (largest == own) most = Math.Max(LeastGivenUp, share / (own.Flows.Members.Count + (own.Find(by.Connection) is null ? 1 : 0)));
        foreach (var flow in largest.Flows.Members)
            if (flow.Runs > most) (victim, most) = (flow, flow.Runs);
        return victim?.Jobs.Last!.Value;
    }

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

    /// <summary>What runs before a job that comes now and is due at a time, s: those that are due sooner, as far as their turns are not too far off.</summary>
    public double SecondsBefore(in TailJobTerms terms, double ahead)
    {
        var (ofMachine, ofOthers) = (0.0, 0.0);
        foreach (var machine in _machines.Members)
        {
            var isOwn = machine.Name == terms.Machine;
            var seconds = 0.0;
            foreach (var flow in machine.Flows.Members)
                for (var node = flow.Jobs.First; node is not null && node.Value.Terms.DueAt <= terms.DueAt; node = node.Next) seconds += node.Value.Terms.ExpectedSeconds;
            if (isOwn) ofMachine += seconds;
            else ofOthers += Math.Min(seconds, ahead);
        }

        return ofMachine + Math.Min(ofOthers, ((_machines.Members.Count - 1) * ofMachine) + ahead);
    }

    private static Flow? NextFlow(Machine machine, Func<TailJob, bool> mayRun, double ahead)
    {
        var turn = double.PositiveInfinity;
        foreach (var flow in machine.Flows.Members)
            if (flow.Finish < turn && mayRun(flow.Jobs.First!.Value)) turn = flow.Finish;
        var next = default(Flow);
        foreach (var flow in machine.Flows.Members)
            if (flow.Finish <= turn + ahead && (next is null || IsBefore(flow, flow.Finish, next, next.Finish)) && mayRun(flow.Jobs.First!.Value)) next = flow;
        return next;
    }

    /// <summary>Whether a connection's first job is due sooner than another's, or its turn is, where both are due at once.</summary>
    private static bool IsBefore(Flow flow, double finish, Flow other, double otherFinish)
    {
        var (due, otherDue) = (flow.Jobs.First!.Value.Terms.DueAt, other.Jobs.First!.Value.Terms.DueAt);
        return due == otherDue ? finish < otherFinish : due < otherDue;
    }

    private Machine? Find(string name)
    {
        foreach (var machine in _machines.Members)
            if (machine.Name == name) return machine;
        return null;
    }

    /// <summary>One that takes its turn among others.</summary>
    private abstract class Member
    {
        /// <summary>When its next job will have been served, in the virtual time of those it takes turns with, s.</summary>
        public double Finish { get; set; }
    }

    /// <summary>What one machine has waiting.</summary>
    private sealed class Machine(string name) : Member
    {
        public string Name => name;

        public Turns<Flow> Flows { get; } = new();

        public int JobCount
        {
            get
            {
                var jobs = 0;
                foreach (var flow in Flows.Members) jobs += flow.Jobs.Count;
                return jobs;
            }
        }

        public double Runs
        {
            get
            {
                var runs = 0.0;
                foreach (var flow in Flows.Members) runs += flow.Runs;
                return runs;
            }
        }

        public Flow? Find(long connection)
        {
            foreach (var flow in Flows.Members)
                if (flow.Connection == connection) return flow;
            return null;
        }
    }

    /// <summary>What one connection has waiting.</summary>
    private sealed class Flow(long connection) : Member
    {
        public long Connection => connection;

        public LinkedList<TailJob> Jobs { get; } = [];

        public double Runs
        {
            get
            {
                var runs = 0.0;
                for (var node = Jobs.First; node is not null; node = node.Next) runs += node.Value.CountedRuns;
                return runs;
            }
        }
    }

    /// <summary>By how much others were served before members that have nothing waiting now, s, so that they come back no further behind.</summary>
    private sealed class Overtaken<TKey>(int most)
        where TKey : notnull
    {
        // The rest is rounding.
        private const double Least = 1e-9;

        private readonly Dictionary<TKey, double> _seconds = [];

        public void Note(TKey member, double seconds)
        {
            if (seconds <= Least) return;
            // Any of them: it then comes back behind the others, as one that was never here does.
            if (_seconds.Count == most && !_seconds.ContainsKey(member)) _seconds.Remove(_seconds.Keys.First());
            _seconds[member] = seconds;
        }

        public double Take(TKey member) => _seconds.Remove(member, out var seconds) ? seconds : 0;
    }

    /// <summary>Takes turns among members that all have something waiting.</summary>
    private sealed class Turns<T>
        where T : Member
    {
        public List<T> Members { get; } = [];

        /// <summary>The virtual time: when the last of the jobs that were served is over, s.</summary>
        public double Now { get; private set; }

        public T Add(T member, double cost)
        {
            member.Finish = Now + cost;
            Members.Add(member);
            return member;
        }

        /// <summary>A member's next job is served; the one behind it counts as much until it is known. One that others have overtaken keeps its turn.</summary>
        public void Serve(T member, double cost)
        {
            Now = Math.Max(Now, member.Finish);
            member.Finish += cost;
        }

        /// <summary>A member's job has taken more than was thought, or less, for which it is not served before what was over already.</summary>
        public void Settle(T member, double more) => member.Finish = Math.Max(Math.Min(Now, member.Finish), member.Finish + more);
    }
}
