namespace SplitInfer.Server.Scheduling;

/// <summary>
/// Whose job is next: of the machines whose turns are near, and of the connections of each, the one whose first job is due first. The same rule serves the queue as it is and plays its turns forward.
/// </summary>
internal static class TurnRule
{
    /// <summary>The connection whose first job is next of those that are meant, if its turn is near enough among all that may run; null where there is none.</summary>
    /// <param name="machines">The machines that have something waiting.</param>
    /// <param name="state">Their turns and their jobs.</param>
    /// <param name="ahead">By how many seconds of runs one that is due sooner may be ahead of its turn.</param>
    public static (WaitingMachine Machine, WaitingFlow Flow)? Next<TState>(List<WaitingMachine> machines, in TState state, double ahead)
        where TState : struct, IQueueState
    {
        var turn = double.PositiveInfinity;
        foreach (var other in machines)
            if (state.FinishOf(other) < turn && NextFlow(other, state, ahead, isOfAll: true) is not null) turn = state.FinishOf(other);
        var (machine, flow) = (default(WaitingMachine), default(WaitingFlow));
        foreach (var other in machines)
        {
            if (state.FinishOf(other) > turn + ahead || NextFlow(other, state, ahead, isOfAll: false) is not { } next) continue;
            if (machine is null || IsBefore(state, next, other, flow!, machine)) (machine, flow) = (other, next);
        }

        return machine is null ? null : (machine, flow!);
    }

    // Of all connections whose first job may run, or of those whose first job is meant.
    private static WaitingFlow? NextFlow<TState>(WaitingMachine machine, in TState state, double ahead, bool isOfAll)
        where TState : struct, IQueueState
    {
        var turn = double.PositiveInfinity;
        foreach (var flow in machine.Flows.Members)
            if (state.FinishOf(flow) < turn && state.MayRun(flow)) turn = state.FinishOf(flow);
        var next = default(WaitingFlow);
        foreach (var flow in machine.Flows.Members)
            if (state.FinishOf(flow) <= turn + ahead && (isOfAll ? state.MayRun(flow) : state.IsMeant(flow)) && (next is null || IsBefore(state, flow, flow, next, next))) next = flow;
        return next;
    }

    /// <summary>Whether a connection's first job is due sooner than another's, or its turn is, where both are due at once.</summary>
    private static bool IsBefore<TState>(in TState state, WaitingFlow flow, TurnMember member, WaitingFlow other, TurnMember otherMember)
        where TState : struct, IQueueState
    {
        var (due, otherDue) = (state.DueOf(flow), state.DueOf(other));
        return due == otherDue ? state.FinishOf(member) < state.FinishOf(otherMember) : due < otherDue;
    }
}

/// <summary>What the rule of turns looks at.</summary>
internal interface IQueueState
{
    /// <summary>When the next job of a member will have been served, in the virtual time of those it takes turns with, s.</summary>
    double FinishOf(TurnMember member);

    /// <summary>Whether a connection has a first job, and that may run now.</summary>
    bool MayRun(WaitingFlow flow);

    /// <summary>Whether a connection has a first job that is meant; one that is not keeps those behind it.</summary>
    bool IsMeant(WaitingFlow flow);

    /// <summary>When a connection's first job is due, as a timestamp; asked only where it has one.</summary>
    long DueOf(WaitingFlow flow);
}

/// <summary>The queue as it is.</summary>
/// <param name="mayRun">Whether a job may run now.</param>
/// <param name="isMeant">Whether a job is meant.</param>
internal readonly struct PresentQueue(Func<TailJob, bool> mayRun, Func<TailJob, bool> isMeant) : IQueueState
{
    /// <inheritdoc/>
    public double FinishOf(TurnMember member) => member.Finish;

    /// <inheritdoc/>
    public bool MayRun(WaitingFlow flow) => mayRun(flow.Jobs.First!.Value);

    /// <inheritdoc/>
    public bool IsMeant(WaitingFlow flow) => isMeant(flow.Jobs.First!.Value);

    /// <inheritdoc/>
    public long DueOf(WaitingFlow flow) => flow.Jobs.First!.Value.Terms.DueAt;
}
