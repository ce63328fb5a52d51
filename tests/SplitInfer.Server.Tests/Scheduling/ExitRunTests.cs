using Microsoft.Extensions.Time.Testing;
using SplitInfer.Policies.Quality;
using SplitInfer.Protocol;
using SplitInfer.Server.Connections;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>What the end of a request says of the server, and what it does not.</summary>
public sealed class ExitRunTests
{
    private const double Least = 0.1;

    private readonly FakeTimeProvider _time = new();
    private readonly QualityNode _node;
    private readonly ExitRoute _route;
    private readonly ExitRun _run = new();

    public ExitRunTests()
    {
        _node = new(lanes: 1, _time, new Random(1));
        var curve = new QualityCurve([new(Least, 0.9), new(10 * Least, 1)]);
        ExitLeg leg = new(Segment: null, [], Made: 0, [], Head: null, Number: 1);
        _route = ExitRoute.Of([leg, leg with { Number = 0 }], boundary: 1, new(ElementType.Float32, new(1, 2)), curve, (_node, _node.Add(curve)!.Value));
    }

    [Fact]
    public void What_nobody_could_answer_in_time_does_not_count_as_coming()
    {
        Open(Least / 2);
        Assert.Empty(_node.Report().Report.Classes);
        Close();
        Open(Least * 2);
        Assert.Single(_node.Report().Report.Classes);
    }

    [Fact]
    public void Where_nothing_runs_that_would_tell_times_are_doubted_until_something_may_run()
    {
        for (var second = 0; second < 60 && _run.LeastSeconds is 0 or > Least / 4; second++) RefuseFor(Least / 4);
        Assert.InRange(_run.LeastSeconds, 0, Least / 4);
    }

    [Fact]
    public void Requests_that_nobody_could_answer_talk_no_time_down_below_what_runs_took()
    {
        for (var run = 0; run < 20; run++) _node.Observe(_route.Place.Curve, 0, Least);
        for (var second = 0; second < 600; second++) RefuseFor(Least / 50);
        Assert.InRange(_run.LeastSeconds, Least * 0.99, Least * 1.01);
    }

    [Fact]
    public void Times_that_only_slow_runs_told_are_doubted_down_to_what_was_measured()
    {
        for (var run = 0; run < 100; run++) _node.Observe(_route.Place.Curve, 0, 8 * Least);
        for (var second = 0; second < 60; second++) RefuseFor(Least * 1.1);
        Assert.InRange(_run.LeastSeconds, Least * 0.5, Least * 1.1);
    }

    [Fact]
    public void What_was_doubted_the_next_run_settles()
    {
        for (var second = 0; second < 30; second++) RefuseFor(Least / 50);
        Assert.InRange(_run.LeastSeconds, 0, Least / 10);
        _node.Observe(_route.Place.Curve, 0, Least);
        Open(Least);
        Assert.InRange(_run.LeastSeconds, Least * 0.9, Least * 1.1);
    }

    [Fact]
    public void Times_that_runs_confirm_are_not_talked_down()
    {
        for (var second = 0; second < 60; second++)
        {
            RefuseFor(Least / 4);
            _node.Observe(_route.Place.Curve, 0, Least);
        }

        Assert.InRange(_run.LeastSeconds, Least * 0.99, Least * 1.5);
    }

    [Fact]
    public void What_a_client_takes_back_or_sends_wrongly_says_nothing_of_the_server()
    {
        var request = new ServerRequest(null!, null!);
        request.Begin(1, now: 0);
        Assert.False(request.TellsOfServer, "some of it is still to come");
        request.IsArriving = false;
        foreach (var told in (Refusal?[])[null, Refusal.Busy, Refusal.BusyFor(1), Refusal.Late, Refusal.LateFor(1)]) Assert.True(Tells(told), told?.Message);
        foreach (var untold in (Refusal?[])[Refusal.Cancelled, Refusal.OutOfMemory, Refusal.ShuttingDown, Refusal.Closed, new(RefusalCode.InvalidPayload, "Damaged."), new(RefusalCode.LimitExceeded, "Too large.")]) Assert.False(Tells(untold), untold?.Message);

        bool Tells(Refusal? refusal)
        {
            request.Refusal = refusal;
            return request.TellsOfServer;
        }
    }

    private void Open(double deadline)
    {
        var now = _time.GetTimestamp();
        _run.Open(_route, new() { Deadline = TimeSpan.FromSeconds(deadline) }, now + (long)(deadline * _time.TimestampFrequency), now);
    }

    private void Close() => _run.Close(isServed: true, _time.GetTimestamp(), _time.GetTimestamp());

    private void RefuseFor(double deadline)
    {
        Open(deadline);
        Close();
        _time.Advance(TimeSpan.FromSeconds(1));
    }
}
