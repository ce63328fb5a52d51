using System.Runtime.CompilerServices;
using SplitInfer.Policies.Quality;
using SplitInfer.Segments;

namespace SplitInfer.Server.Quality;

/// <summary>
/// What a request that allows exits has of them: its route, what it needs, what was decided for it, and which exit answered. Reused with its request. Not thread-safe.
/// </summary>
internal sealed class ExitRun
{
    private SegmentLease[] _segments = [];
    private int _rented;
    private bool _isOpen;

    /// <summary>The route.</summary>
    public ExitRoute Route { get; private set; } = null!;

    /// <summary>What the request needs.</summary>
    public QualityNeeds Needs { get; private set; }

    /// <summary>When its answer is due, as a timestamp; the largest there is where it always is of use.</summary>
    public long DueAt { get; private set; }

    /// <summary>What the shallowest exit that may answer takes, s.</summary>
    public double LeastSeconds { get; private set; }

    /// <summary>What was decided when it began to run.</summary>
    public QualityChoice Choice { get; set; }

    /// <summary>The leg at whose end it was answered; −1 where it was not.</summary>
    public int Answered { get; set; }

    /// <summary>How sure the exit was that answered; 0 at the end of the model.</summary>
    public double Confidence { get; set; }

    /// <summary>The run, once it has begun.</summary>
    public ExitWalk Walk { get; } = new();

    /// <summary>Whether the run is one that tells what exits are worth.</summary>
    public ExitCheck Check { get; } = new();

    /// <summary>The number of the exit that answered, beginning with 1; 0 for the model itself.</summary>
    public int ExitNumber => Answered < 0 ? 0 : Route.Legs[Answered].Number;

    /// <summary>A request has come.</summary>
    /// <param name="route">Its route.</param>
    /// <param name="needs">What it needs.</param>
    /// <param name="dueAt">When its answer is due, as a timestamp.</param>
    /// <param name="now">The time, as a timestamp.</param>
    public void Open(ExitRoute route, in QualityNeeds needs, long dueAt, long now)
    {
        (Route, Needs, DueAt, Answered, Confidence, _isOpen) = (route, needs, dueAt, -1, 0, true);
        Choice = new() { Curve = route.Place.Curve, DueAt = route.Place.Node.Seconds(dueAt) };
        LeastSeconds = route.Place.Node.LeastSeconds(route.Place.Curve, needs);
        // What nobody could answer takes no time, and must not take any from others.
        if (CouldBeInTime(now)) route.Place.Node.Arrive(route.Place.Curve, needs, now);
    }

    /// <summary>Rents the segments of the route, loading first those that are not loaded. What was rented is given back by <see cref="Return"/>, whatever comes of this.</summary>
    public ValueTask RentAsync(SegmentSet segments, CancellationToken cancellationToken) => RentAsync(Route, segments, cancellationToken);

    /// <summary>Likewise for a run along a route that no request is on.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RentAsync(ExitRoute route, SegmentSet segments, CancellationToken cancellationToken)
    {
        if (_segments.Length < route.Segments.Length) _segments = new SegmentLease[route.Segments.Length];
        for (; _rented < route.Segments.Length; _rented++) _segments[_rented] = await segments.RentAsync(route.Segments[_rented], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What runs a leg of the route whose segments are rented; the default where nothing does.</summary>
    public SegmentLease SegmentOf(ExitRoute route, int leg) => route.Legs[leg].Segment is null ? default : _segments[leg - (route.Legs.Length - route.Segments.Length)];

    /// <summary>Gives the segments back. Does nothing where none is rented.</summary>
    public void Return()
    {
        while (_rented > 0)
        {
            _segments[--_rented].Dispose();
            _segments[_rented] = default;
        }
    }

    /// <summary>The request has ended. Does nothing where it had before.</summary>
    /// <param name="isServed">Whether how it ended says how well it was served, by an answer or by none in time: not where its client took it back, or sent what cannot be answered.</param>
    /// <param name="wholeAt">When all of it had come, as a timestamp.</param>
    /// <param name="now">The time, as a timestamp.</param>
    public void Close(bool isServed, long wholeAt, long now)
    {
        if (!_isOpen) return;
        _isOpen = false;
        var (node, curve) = Route.Place;
        if (isServed && (Answered >= 0 || CouldBeInTime(wholeAt))) node.Finish(Choice, Needs, Answered, now);
        else if (isServed) node.Doubt(curve, now);
        // An idle object must not keep a model that was retired.
        (Route, Needs) = (null!, new());
    }

    /// <summary>Whether the shallowest exit that may answer would be in time in a run that begins at a time.</summary>
    private bool CouldBeInTime(long at) => Route.Place.Node.Seconds(at) + LeastSeconds <= Route.Place.Node.Seconds(DueAt);
}
