using System.Collections.Immutable;
using SplitInfer.Policies.Quality;

namespace SplitInfer.Server.Quality;

/// <summary>
/// The controller of one server: what its requests that allow exits are told, and what a coordinator is told of them. Times are timestamps of the server's clock.
/// Thread-safe; allocates nothing for a request.
/// </summary>
internal sealed class QualityNode
{
    /// <summary>The most curves, one for each model that is served and partition that requests with exits have come for.</summary>
    public const int MaxCurves = 4096;

    // What one process looks at, however many more run at a time.
    private const int MostLanes = 64;

    // One run of so many goes to the end to tell what exits are worth, where it keeps nobody waiting.
    private const int RunsPerCheck = 64;

    private const int CheckSeed = 1;

    private readonly TimeProvider _time;
    private readonly QualityController _controller;
    private readonly Lock _gate = new();
    private readonly Random _checks = new(CheckSeed);
    private readonly List<QualityCurve> _curves = [];

    // Numbers of curves of models that were replaced, which others take.
    private readonly Stack<int> _free = [];

    /// <summary>Makes a controller that knows no curve.</summary>
    /// <param name="lanes">Requests that run at a time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="chance">What decides between two settings.</param>
    public QualityNode(int lanes, TimeProvider time, Random chance)
    {
        _time = time;
        _controller = new(0, chance, Seconds(time.GetTimestamp()), new() { Lanes = Math.Clamp(lanes, 1, MostLanes) });
    }

    /// <summary>What a second of the server costs, in accuracy of a request of weight 1.</summary>
    public double Price => _controller.Price;

    /// <summary>How many curves there are.</summary>
    public int CurveCount
    {
        get { lock (_gate) return _curves.Count - _free.Count; }
    }

    /// <summary>Adds a curve.</summary>
    /// <returns>Its number; null where there are as many as there may be.</returns>
    public int? Add(QualityCurve curve)
    {
        lock (_gate)
        {
            if (_free.TryPop(out var number))
            {
                _controller.Replace(number, curve);
                _curves[number] = curve;
                return number;
            }

            if (_curves.Count == MaxCurves) return null;
            _curves.Add(curve);
            return _controller.Add(curve);
        }
    }

    /// <summary>Gives the number of a curve back, once no request is left that has it.</summary>
    public void Remove(int number)
    {
        lock (_gate) _free.Push(number);
    }

    /// <summary>A timestamp in seconds; infinite for the largest there is, which stands for never.</summary>
    public double Seconds(long timestamp) => timestamp == long.MaxValue ? double.PositiveInfinity : timestamp / (double)_time.TimestampFrequency;

    /// <inheritdoc cref="QualityController.Arrive"/>
    public void Arrive(int curve, in QualityNeeds needs, long now) => _controller.Arrive(curve, needs, Seconds(now));

    /// <inheritdoc cref="QualityController.LeastSeconds"/>
    public double LeastSeconds(int curve, in QualityNeeds needs) => _controller.LeastSeconds(curve, needs);

    /// <inheritdoc cref="QualityController.SecondsBetween"/>
    public double SecondsBetween(int curve, int from, int to) => _controller.SecondsBetween(curve, from, to);

    /// <inheritdoc cref="QualityController.Choose"/>
    public QualityChoice Choose(int curve, in QualityNeeds needs, long dueAt, in QueueView queue) => _controller.Choose(curve, needs, Seconds(dueAt), queue, Seconds(_time.GetTimestamp()));

    /// <inheritdoc cref="QualityController.GoesOn"/>
    public bool GoesOn(in QualityChoice choice, int exit, double confidence, in QueueView queue) => _controller.GoesOn(choice, exit, confidence, queue, Seconds(_time.GetTimestamp()));

    /// <inheritdoc cref="QualityController.Observe"/>
    public void Observe(int curve, int exit, double seconds) => _controller.Observe(curve, exit, seconds);

    /// <summary>Whether a run that begins now is to tell what exits are worth.</summary>
    /// <param name="curve">The model's curve.</param>
    /// <param name="dueAt">When its answer is due, as a timestamp.</param>
    public bool TakesCheck(int curve, long dueAt)
    {
        // To the exit that is always right, which is the end.
        var end = LeastSeconds(curve, new() { MinQuality = 1 }) + Seconds(_time.GetTimestamp());
        lock (_gate) return _checks.Next(RunsPerCheck) == 0 && end <= Seconds(dueAt);
    }

    /// <inheritdoc cref="QualityController.Check"/>
    public void Check(int curve, int exit, bool isRight) => _controller.Check(curve, exit, isRight);

    /// <inheritdoc cref="QualityController.Doubt"/>
    public void Doubt(int curve, long now) => _controller.Doubt(curve, Seconds(now));

    /// <inheritdoc cref="QualityController.Finish"/>
    public void Finish(in QualityChoice choice, in QualityNeeds needs, int exit, long now) => _controller.Finish(choice, needs, exit, Seconds(now));

    /// <summary>What came since the last report.</summary>
    /// <returns>The report, and the curve of each of its classes.</returns>
    public (LoadReport Report, ImmutableArray<QualityCurve> Curves) Report()
    {
        lock (_gate)
        {
            var report = _controller.Report(Seconds(_time.GetTimestamp()));
            return (report, [.. report.Classes.Select(told => _curves[told.Curve])]);
        }
    }

    /// <summary>Takes the coordinator's price.</summary>
    /// <param name="message">What it says.</param>
    /// <param name="number">The number that it knows the node by.</param>
    /// <exception cref="QualityMessageException">It says no price.</exception>
    public void Receive(in PriceMessage message, uint number)
    {
        if (!(message.Price >= 0) || !double.IsFinite(message.Price)) throw new QualityMessageException($"The coordinator gives {message.Price} as a price, which is a number of at least 0.");
        if (message.Node == number) _controller.Receive(message with { Node = 0 }, Seconds(_time.GetTimestamp()));
    }
}
