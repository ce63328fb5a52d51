using SplitInfer.Policies.Quality;

namespace SplitInfer.Simulation.Quality;

/// <summary>Plays contenders in a world on a virtual clock, event by event.</summary>
public sealed class QualitySimulator
{
    private readonly QualityWorld _world;
    private readonly SimulatedQuery[] _queries;
    private readonly ContentModel[] _contents;
    private readonly QualityCurve[] _curves;

    /// <summary>Makes the requests of a world.</summary>
    public QualitySimulator(QualityWorld world)
    {
        ArgumentNullException.ThrowIfNull(world);
        (_world, _queries) = (world, QualityTrace.Of(world));
        _contents = [.. world.Models.Select(exits => new ContentModel(exits, world.Confidence))];
        _curves = [.. _contents.Select((content, i) => content.Calibrate(world.Seed + (1000 * i)))];
    }

    /// <summary>Requests that come.</summary>
    public int Requests => _queries.Length;

    /// <summary>Plays one contender.</summary>
    /// <param name="contender">Who decides.</param>
    /// <param name="options">Knobs of the controllers; null for the defaults.</param>
    public QualityResult Play(QualityContender contender, QualityControllerOptions? options = null) => contender switch
    {
        QualityContender.Optimum => new OfflineBound(_world, _queries, _contents).Result(),
        QualityContender.BestFixed => Enumerable.Range(0, _contents.Max(static content => content.Exits.Count)).Select(exit => Run(contender, exit, null)).MaxBy(static result => result.Accuracy)!,
        QualityContender.Shallowest => Run(contender, 0, null),
        _ => Run(contender, null, options),
    };

    private QualityResult Run(QualityContender contender, int? fixedExit, QualityControllerOptions? options)
    {
        var coordinator = contender is QualityContender.Prices or QualityContender.CoordinatorKilled ? new QualityCoordinator(options is null ? null : new() { TargetUtilization = options.TargetUtilization, PriceSpread = options.PriceSpread }) : null;
        foreach (var curve in coordinator is null ? [] : _curves) coordinator!.Add(curve);
        SimulatedNode[] nodes = [.. Enumerable.Range(0, _world.Servers).Select(static i => new SimulatedNode(i))];
        Serving[] servings = [.. nodes.Select(node => contender is QualityContender.Prices or QualityContender.PricesAlone or QualityContender.CoordinatorKilled
            ? (Serving)new PricedServing(_world, _queries, _contents, _curves, node.Index, coordinator, contender == QualityContender.CoordinatorKilled ? _world.KillAt : double.PositiveInfinity, options)
            : new RuleServing(_world, _queries, _contents, contender, fixedExit))];
        var tally = new QualityTally(_world, _queries, _contents);
        var (next, tick) = (0, 1.0);
        while (true)
        {
            var node = nodes[0];
            foreach (var other in nodes)
                if (other.ReachesAt < node.ReachesAt) node = other;
            var arrivesAt = next < _queries.Length ? _queries[next].At : double.PositiveInfinity;
            if (double.IsPositiveInfinity(arrivesAt) && double.IsPositiveInfinity(node.ReachesAt)) break;
            if (tick <= arrivesAt && tick <= node.ReachesAt)
            {
                foreach (var serving in servings) tally.CountBytes(serving.Tick(tick));
                tick++;
            }
            else if (node.ReachesAt <= arrivesAt) Reach(node, servings[node.Index], tally);
            else
            {
                var to = nodes[0];
                foreach (var other in nodes)
                    if (other.Load < to.Load) to = other;
                Arrive(next++, to, servings[to.Index], tally);
            }
        }

        return tally.Result(contender, nodes);
    }

    private void Arrive(int query, SimulatedNode node, Serving serving, QualityTally tally)
    {
        var now = _queries[query].At;
        if (!serving.Accepts(query, node, now)) return;
        var at = node.Queue.Count;
        while (serving.IsByDeadline && at > 0 && _queries[node.Queue[at - 1]].DueAt > _queries[query].DueAt) at--;
        node.Queue.Insert(at, query);
        if (node.Running == SimulatedNode.Idle) StartNext(node, serving, now);
    }

    private void Reach(SimulatedNode node, Serving serving, QualityTally tally)
    {
        var (query, exit, now) = (node.Running, node.Exit, node.ReachesAt);
        serving.Observe(query, exit, node.SegmentSeconds);
        if (serving.GoesOn(query, exit, node, now))
        {
            Begin(node, query, exit + 1, now);
            return;
        }

        tally.Count(query, exit, now);
        serving.Finish(query, exit, now);
        (node.Running, node.ReachesAt) = (SimulatedNode.Idle, double.PositiveInfinity);
        StartNext(node, serving, now);
    }

    private void StartNext(SimulatedNode node, Serving serving, double now)
    {
        while (node.Running == SimulatedNode.Idle && node.Queue.Count > 0)
        {
            var query = node.Queue[0];
            node.Queue.RemoveAt(0);
            if (serving.Starts(query, node, now)) Begin(node, query, exit: 0, now);
            else serving.Finish(query, -1, now);
        }
    }

    private void Begin(SimulatedNode node, int query, int exit, double now)
    {
        var exits = _contents[_queries[query].Model].Exits;
        var noise = _world.TimeDeviation > 0 ? Math.Exp(_world.TimeDeviation * (new Draws(_world.Seed, query, 30 + exit).Normal() - (_world.TimeDeviation / 2))) : 1;
        node.SegmentSeconds = (exits[exit].Seconds - (exit > 0 ? exits[exit - 1].Seconds : 0)) * noise * _world.SlownessOf(node.Index, now);
        (node.Running, node.Exit, node.ReachesAt) = (query, exit, now + node.SegmentSeconds);
        node.Busy += node.SegmentSeconds;
    }
}
