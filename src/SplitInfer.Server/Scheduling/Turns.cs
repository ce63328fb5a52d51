namespace SplitInfer.Server.Scheduling;

/// <summary>Takes turns among members that all have something waiting.</summary>
internal sealed class Turns<T>
    where T : TurnMember
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

/// <summary>One that takes its turn among others.</summary>
internal abstract class TurnMember
{
    /// <summary>When its next job will have been served, in the virtual time of those it takes turns with, s.</summary>
    public double Finish { get; set; }

    /// <summary>The same while turns are played forward.</summary>
    public double PlayedFinish { get; set; }
}
