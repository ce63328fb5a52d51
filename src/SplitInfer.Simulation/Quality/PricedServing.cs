using SplitInfer.Policies.Quality;

namespace SplitInfer.Simulation.Quality;

/// <summary>A server whose controller is that of the product.</summary>
internal sealed class PricedServing : Serving
{
    private readonly SimulatedQuery[] _queries;
    private readonly ContentModel[] _contents;
    private readonly QualityController _controller;
    private readonly QualityCoordinator? _coordinator;
    private readonly double _killAt;
    private readonly string[] _users;
    private readonly WaitingRequest[] _waiting = new WaitingRequest[32];
    private QualityChoice _choice;

    public PricedServing(QualityWorld world, SimulatedQuery[] queries, ContentModel[] contents, QualityCurve[] curves, int node, QualityCoordinator? coordinator, double killAt, QualityControllerOptions? options)
    {
        (_queries, _contents, _coordinator, _killAt) = (queries, contents, coordinator, killAt);
        _controller = new((uint)node, new Random(world.Seed + node), 0, options);
        foreach (var curve in curves) _controller.Add(curve);
        _users = [.. Enumerable.Range(0, world.Users).Select(static user => $"user-{user}")];
    }

    public double Price => _controller.Price;

    public override bool Accepts(int query, SimulatedNode node, double now)
    {
        _controller.Arrive(_queries[query].Model, Needs(query), now);
        return true;
    }

    public override bool Starts(int query, SimulatedNode node, double now)
    {
        _choice = _controller.Choose(_queries[query].Model, Needs(query), _queries[query].DueAt, new() { Next = Waiting(node) }, now);
        return !_choice.IsLate;
    }

    public override bool GoesOn(int query, int exit, SimulatedNode node, double now) =>
        _controller.GoesOn(_choice, exit, _contents[_queries[query].Model].Right(exit, _queries[query].Hardness), new() { Next = Waiting(node) }, now);

    public override void Observe(int query, int exit, double seconds) => _controller.Observe(_queries[query].Model, exit, seconds);

    public override void Finish(int query, int exit, double now) => _controller.Finish(_choice, Needs(query), exit, now);

    public override (int Price, int Report) Tick(double now)
    {
        var report = _controller.Report(now).ToBytes();
        if (_coordinator is null || now >= _killAt) return (0, report.Length);
        Span<byte> price = stackalloc byte[PriceMessage.Bytes];
        _coordinator.Receive(LoadReport.FromBytes(report)).Write(price);
        _controller.Receive(PriceMessage.Read(price), now);
        return (price.Length, report.Length);
    }

    private QualityNeeds Needs(int query) => new() { User = _users[_queries[query].User], Deadline = TimeSpan.FromSeconds(_queries[query].DueAt - _queries[query].At) };

    private ReadOnlySpan<WaitingRequest> Waiting(SimulatedNode node)
    {
        var count = Math.Min(node.Queue.Count, _waiting.Length);
        for (var i = 0; i < count; i++) _waiting[i] = new(_queries[node.Queue[i]].DueAt, _controller.LeastSeconds(_queries[node.Queue[i]].Model, Needs(node.Queue[i])));
        return _waiting.AsSpan(0, count);
    }
}
