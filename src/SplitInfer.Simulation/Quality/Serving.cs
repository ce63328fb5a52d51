namespace SplitInfer.Simulation.Quality;

/// <summary>How a contender serves the requests of one server.</summary>
internal abstract class Serving
{
    /// <summary>Whether requests run by their deadlines rather than as they came.</summary>
    public virtual bool IsByDeadline => true;

    /// <summary>Whether a request is let in.</summary>
    public virtual bool Accepts(int query, SimulatedNode node, double now) => true;

    /// <summary>Whether a request begins to run; otherwise it is dropped.</summary>
    public abstract bool Starts(int query, SimulatedNode node, double now);

    /// <summary>Whether the request that runs goes on after the exit that it is at.</summary>
    public abstract bool GoesOn(int query, int exit, SimulatedNode node, double now);

    /// <summary>Tells what a run took from exit to exit.</summary>
    public virtual void Observe(int query, int exit, double seconds) { }

    /// <summary>Tells that a request has its answer, or none: exit −1.</summary>
    public virtual void Finish(int query, int exit, double now) { }

    /// <summary>A second is over. Returns the bytes of the price that was received and of the report.</summary>
    public virtual (int Price, int Report) Tick(double now) => (0, 0);
}

/// <summary>The rules that look at one request alone.</summary>
/// <param name="world">The world; these rules know how slow a server is.</param>
/// <param name="queries">Its requests.</param>
/// <param name="contents">How right each model's exits are.</param>
/// <param name="kind">The rule.</param>
/// <param name="fixedExit">The exit of all requests; null for the last.</param>
internal sealed class RuleServing(QualityWorld world, SimulatedQuery[] queries, ContentModel[] contents, QualityContender kind, int? fixedExit) : Serving
{
    // As sure as the whole model is in the mean.
    private const double Sure = 0.99;

    private int _depth;

    public override bool IsByDeadline => kind != QualityContender.FirstCome;

    public override bool Accepts(int query, SimulatedNode node, double now)
    {
        if (kind != QualityContender.Admission) return true;
        // Behind those with earlier deadlines; and none of those behind it may become late.
        var at = Math.Max(now, node.Running == SimulatedNode.Idle ? now : node.ReachesAt + Rest(node, now));
        var (finish, own) = (at, false);
        foreach (var other in node.Queue)
        {
            if (!own && queries[other].DueAt > queries[query].DueAt)
            {
                if ((finish += Seconds(query, DepthOf(query), node, now)) > queries[query].DueAt) return false;
                own = true;
            }

            if ((finish += Seconds(other, DepthOf(other), node, now)) > queries[other].DueAt && own) return false;
        }

        return own || finish + Seconds(query, DepthOf(query), node, now) <= queries[query].DueAt;
    }

    public override bool Starts(int query, SimulatedNode node, double now)
    {
        _depth = DepthOf(query);
        if (kind == QualityContender.FirstCome) return true;
        var isBounded = kind is QualityContender.Greedy or QualityContender.GreedyThreshold;
        while (isBounded && _depth > 0 && now + Seconds(query, _depth, node, now) > queries[query].DueAt) _depth--;
        return now + Seconds(query, kind == QualityContender.Threshold ? 0 : _depth, node, now) <= queries[query].DueAt;
    }

    public override bool GoesOn(int query, int exit, SimulatedNode node, double now) =>
        exit < _depth && !(kind is QualityContender.Threshold or QualityContender.GreedyThreshold && contents[queries[query].Model].Right(exit, queries[query].Hardness) >= Sure);

    private int DepthOf(int query) => Math.Min(fixedExit ?? int.MaxValue, contents[queries[query].Model].Exits.Count - 1);

    private double Seconds(int query, int exit, SimulatedNode node, double now) => contents[queries[query].Model].Exits[exit].Seconds * world.SlownessOf(node.Index, now);

    private double Rest(SimulatedNode node, double now) => Seconds(node.Running, _depth, node, now) - Seconds(node.Running, node.Exit, node, now);
}
