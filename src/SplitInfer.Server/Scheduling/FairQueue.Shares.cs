namespace SplitInfer.Server.Scheduling;

/// <content>How much of the queue each machine and connection may take.</content>
internal sealed partial class FairQueue
{
    private const double LeastGivenUp = 2;

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
        var (victim, most) = (default(WaitingFlow), 0.0);
        // A job that has come and waited is not given up for another one of the same machine unless that makes a difference.
        if (largest == own) most = Math.Max(LeastGivenUp, share / (own.Flows.Members.Count + (own.Find(by.Connection) is null ? 1 : 0)));
        foreach (var flow in largest.Flows.Members)
            if (flow.Runs > most) (victim, most) = (flow, flow.Runs);
        return victim?.Jobs.Last!.Value;
    }
}
