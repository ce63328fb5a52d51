using Microsoft.Extensions.Time.Testing;
using SplitInfer.Exits;
using SplitInfer.Policies.Quality;
using SplitInfer.Segments;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;
using SplitInfer.Testing.Execution;
using CurveExit = SplitInfer.Policies.Quality.ModelExit;
using FileExit = SplitInfer.Exits.ModelExit;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>The product's scheduler, runner and controller over a made-up model with two exits, in virtual time: legs take as long as the model says, and every event has its order.</summary>
internal sealed class QualityWorld : ITailRunner, IDisposable
{
    public const double Leg = 0.002, Whole = 0.010;

    /// <summary>How often answers of the two exits and of the model are the model's.</summary>
    public static readonly double[] Agreement = [0.9, 0.96, 1];

    private static readonly double[] LegSeconds = [Leg, 0.003, 0.005];

    private readonly List<(double EndsAt, TaskCompletionSource End)> _running = [];
    private readonly TailRunner _runner;
    private readonly SegmentSet _segments;
    private readonly QualityNode _node;
    private readonly ExitRoute _route;
    private readonly List<QualityJob> _jobs = [];
    private double _now;
    private int _runningJobs;
    private int _mostRunning;

    /// <param name="places">Jobs that run at a time.</param>
    /// <param name="seed">Of what the controller draws.</param>
    /// <param name="measured">How many times as long as they take legs took when they were measured.</param>
    public QualityWorld(int places, int seed, double measured = 1)
    {
        (Places, _runner) = (places, new(Time, TimeSpan.FromMinutes(1)));
        Scheduler = new(this, places, maxQueued: 1024, Time);
        _segments = new SegmentResidency(long.MaxValue).Open(new Compiler(this));
        _node = new(places, Time, new Random(seed));
        var curve = new QualityCurve([.. Agreement.Select((right, e) => new CurveExit(measured * LegSeconds.Take(e + 1).Sum(), right))]);
        _route = ExitRoute.Of([LegOf(SegmentKey.Between(0, 1), 1), LegOf(SegmentKey.Between(1, 2), 2), LegOf(new(SegmentSide.Tail, 2), 0)], boundary: 1, new(ElementType.Float32, new(1, 2)), curve, (_node, _node.Add(curve)!.Value));
    }

    public FakeTimeProvider Time { get; } = new();

    public FairScheduler Scheduler { get; }

    public int Places { get; }

    /// <summary>Whether the model answers otherwise than its exits do.</summary>
    public bool Disagrees { get; init; }

    /// <summary>The most that ran at a time.</summary>
    public int MostRunning => _mostRunning;

    /// <summary>Every request that came.</summary>
    public IReadOnlyList<QualityJob> Jobs => _jobs;

    public double Now => _now;

    /// <summary>Plays requests that come at the times given.</summary>
    public Task PlayAsync(IEnumerable<(double At, Func<QualityJob> Make)> arrivals) => Task.Run(async () =>
    {
        foreach (var (at, make) in arrivals)
        {
            await RunUntilAsync(at);
            Send(make());
            await SettleAsync();
        }

        await RunUntilAsync(double.PositiveInfinity);
    });

    /// <summary>A request that allows exits, or not where <paramref name="minQuality"/> is null.</summary>
    public QualityJob Make(double? minQuality, double deadline = double.PositiveInfinity, string machine = "machine", long connection = 1, string user = "", double weight = 1)
    {
        var now = Time.GetTimestamp();
        var due = double.IsFinite(deadline) ? now + (long)(deadline * Time.TimestampFrequency) : long.MaxValue;
        var terms = new TailJobTerms(this, Cut: 0, Exit: 0, due, ExpectedSeconds: 0, weight, connection, machine, BatchKey: 0);
        if (minQuality is not { } least) return new(terms, null, null, now) { Segments = _segments, Time = Time };
        var run = new ExitRun();
        run.Open(_route, new() { User = user, Weight = weight, MinQuality = least, Deadline = double.IsFinite(deadline) ? TimeSpan.FromSeconds(deadline) : null }, due, now);
        return new(terms with { LeastSeconds = run.LeastSeconds }, run, minQuality, now) { Segments = _segments, Time = Time };
    }

    public async ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
    {
        _mostRunning = Math.Max(_mostRunning, Interlocked.Increment(ref _runningJobs));
        await _runner.RunAsync(sameKey).ConfigureAwait(false);
        Interlocked.Decrement(ref _runningJobs);
    }

    public void Dispose() => _segments.Dispose();

    private static ExitLeg LegOf(SegmentKey key, int number)
    {
        // How sure an exit is follows from the one value that crosses.
        var exit = new FileExit
        {
            Partition = key.Partition, Features = [new() { Place = 0, Name = "x", Type = ElementType.Float32, Shape = new(1), Pooling = ExitPooling.Flat }],
            Weights = new float[] { 1, 0 }, Biases = new float[] { 0, 0 }, Temperature = 1, TeachingTemperature = 1, Threshold = 1, ExitRate = 0, Agreement = 0,
        };
        return new(key, [0], 1, [new(true, 0)], number == 0 ? null : new ExitHead(2, ExitScores.Logits, exit), number);
    }

    private void Send(QualityJob job)
    {
        _jobs.Add(job);
        if (Scheduler.Offer(job.Terms, out var arrival) is { } refusal)
        {
            job.Failure = refusal.ToException();
            job.OnEnded();
            return;
        }

        job.Arrival = arrival;
        job.Rent();
        Scheduler.Enqueue(job);
    }

    private async Task RunUntilAsync(double at)
    {
        while (Next() is { } end && end.EndsAt <= at)
        {
            Advance(end.EndsAt);
            lock (_running) _running.Remove(end);
            end.End.SetResult();
            await SettleAsync();
        }

        if (double.IsFinite(at)) Advance(at);
    }

    private (double EndsAt, TaskCompletionSource End)? Next()
    {
        lock (_running) return _running.Count == 0 ? null : _running.MinBy(static one => one.EndsAt);
    }

    // Until every job that has a place waits for the end of a leg, each on whatever thread.
    private async Task SettleAsync()
    {
        while (true)
        {
            lock (_running)
                if (_running.Count == Scheduler.LoadFor("", 0).Running) return;
            await Task.Yield();
        }
    }

    private void Advance(double to)
    {
        Time.Advance(TimeSpan.FromSeconds(to) - TimeSpan.FromSeconds(_now));
        _now = to;
    }

    private async ValueTask RunLegAsync(double seconds, bool isEnd, ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken stop)
    {
        var end = new TaskCompletionSource();
        lock (_running) _running.Add((_now + seconds, end));
        await end.Task.ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        outputs.Span[0] = isEnd ? TensorValue.From<float>(Disagrees ? [0f, 1f] : [1f, 0f], 1, 2) : TensorValue.From<float>(inputs.Span[0].Span<float>()[..1], 1);
    }

    private sealed class Compiler(QualityWorld world) : ISegmentCompiler
    {
        public long SharedBytes => 0;

        public CompiledSegment Compile(SegmentKey key)
        {
            var seconds = key switch { { Side: SegmentSide.Tail, Partition: 0 } => Whole, { Side: SegmentSide.Tail } => LegSeconds[2], _ => LegSeconds[key.From] };
            return new(new ScriptedRunner((inputs, outputs, stop) => world.RunLegAsync(seconds, key.Side == SegmentSide.Tail, inputs, outputs, stop)), 1, null);
        }

        public void Dispose()
        {
        }
    }
}
