namespace SplitInfer.Server.Scheduling;

/// <summary>The queue as it will be once some of its jobs have run and nothing else has come, with one that would come now in its place.</summary>
/// <param name="home">The connection of the one that would come.</param>
/// <param name="dueAt">When that one is due, as a timestamp.</param>
internal readonly struct PlayedQueue(WaitingFlow home, long dueAt) : IQueueState
{
    /// <summary>Begins to play.</summary>
    public static void Begin(List<WaitingMachine> machines)
    {
        foreach (var machine in machines)
        {
            machine.PlayedFinish = machine.Finish;
            foreach (var flow in machine.Flows.Members) (flow.PlayedFinish, flow.PlayedNext) = (flow.Finish, flow.Jobs.First);
        }
    }

    /// <summary>Serves the first job of a connection.</summary>
    /// <returns>What it takes, s.</returns>
    public static double Serve(WaitingMachine machine, WaitingFlow flow)
    {
        var seconds = flow.PlayedNext!.Value.Terms.ExpectedSeconds;
        machine.PlayedFinish += seconds;
        flow.PlayedFinish += seconds;
        flow.PlayedNext = flow.PlayedNext.Next;
        return seconds;
    }

    /// <summary>Whether the first job of a connection is the one that would come, behind those there that are due no later.</summary>
    public bool IsNew(WaitingFlow flow) => flow == home && (flow.PlayedNext is null || flow.PlayedNext.Value.Terms.DueAt > dueAt);

    /// <inheritdoc/>
    public double FinishOf(TurnMember member) => member.PlayedFinish;

    /// <inheritdoc/>
    public bool MayRun(WaitingFlow flow) => flow.PlayedNext is not null || flow == home;

    /// <inheritdoc/>
    public bool IsMeant(WaitingFlow flow) => MayRun(flow);

    /// <inheritdoc/>
    public long DueOf(WaitingFlow flow) => IsNew(flow) ? dueAt : flow.PlayedNext!.Value.Terms.DueAt;
}
