namespace SplitInfer.Server.Scheduling;

/// <summary>What one machine has waiting.</summary>
internal sealed class WaitingMachine(string name) : TurnMember
{
    public string Name => name;

    public Turns<WaitingFlow> Flows { get; } = new();

    public AbsentMembers<long> AbsentFlows { get; } = new();

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

    public WaitingFlow? Find(long connection)
    {
        foreach (var flow in Flows.Members)
            if (flow.Connection == connection) return flow;
        return null;
    }
}

/// <summary>What one connection has waiting.</summary>
internal sealed class WaitingFlow(long connection) : TurnMember
{
    public long Connection => connection;

    public LinkedList<TailJob> Jobs { get; } = [];

    /// <summary>While turns are played forward, the first of its jobs that has not run; null where all have.</summary>
    public LinkedListNode<TailJob>? PlayedNext { get; set; }

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
