using Microsoft.Extensions.Time.Testing;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>The scheduler under more load than it can carry, in virtual time: random arrivals, runs of given times, every event in its order.</summary>
public sealed class OverloadTests
{
    private const double Service = 0.02;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public async Task At_twice_saturation_the_places_stay_busy_and_the_wait_is_bounded(int places)
    {
        var calm = await new World(places).RunAsync(seconds: 30, new Load("a", 0.8 * places / Service, Service));
        var full = await new World(places).RunAsync(seconds: 30, new Load("a", 2 * places / Service, Service));
        Assert.True(full.RanOf("a") >= 0.97 * 30 * places / Service, $"{full.RanOf("a")} ran");
        Assert.True(calm.RanOf("a") >= 0.98 * calm.OfferedOf("a"), $"{calm.RanOf("a")} of {calm.OfferedOf("a")} ran at 80 %");
        Assert.True(full.DelayOf("a", 0.99) <= 2 * calm.DelayOf("a", 0.99), $"{full.DelayOf("a", 0.99)} against {calm.DelayOf("a", 0.99)}");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0.2)]
    public async Task Where_runs_change_in_length_the_places_stay_busy_and_the_wait_follows(double factor)
    {
        var world = new World(places: 2);
        await world.RunAsync(seconds: 5, new Load("a", 200, Service));
        await world.RunAsync(seconds: 5, new Load("a", 200 / factor, Service * factor)); // it learns
        world.Forget();
        await world.RunAsync(seconds: 30, new Load("a", 200 / factor, Service * factor));
        Assert.True(world.RanOf("a") >= 0.95 * 30 * 2 / (Service * factor), $"{world.RanOf("a")} ran");
        Assert.InRange(world.DelayOf("a", 0.99), 0, 30 * Service * factor);
    }

    [Fact]
    public async Task One_slow_model_leaves_the_others_what_is_theirs()
    {
        var world = await new World(places: 2).RunAsync(seconds: 200, new Load("slow", 3, 1), new Load("fast", 20, Service));
        Assert.True(world.RanOf("fast") >= 0.85 * world.OfferedOf("fast"), $"{world.RanOf("fast")} of {world.OfferedOf("fast")} ran");
        Assert.True(world.RanOf("slow") >= 100, $"{world.RanOf("slow")} slow ones ran"); // half of the two places, at least
    }

    [Fact]
    public async Task Whoever_asks_for_little_gets_it_however_many_ask_for_much()
    {
        var world = await new World(places: 1).RunAsync(seconds: 100,
            [new Load("polite", 2, Service), .. Enumerable.Range(0, 5).Select(static n => new Load($"greedy{n}", 100, Service))]);
        Assert.True(world.RanOf("polite") >= 0.95 * world.OfferedOf("polite"), $"{world.RanOf("polite")} of {world.OfferedOf("polite")} ran");
        for (var n = 0; n < 5; n++) Assert.InRange(world.RanOf($"greedy{n}"), 800, 1100);
    }

    [Fact]
    public async Task Many_connections_of_one_machine_all_get_their_turns()
    {
        var world = await new World(places: 1).RunAsync(seconds: 100, [.. Enumerable.Range(0, 40).Select(static n => new Load("a", 3, Service, n))]);
        Assert.InRange(world.RanOf("a"), 0.95 * 100 / Service, 1.01 * 100 / Service);
        for (var n = 0; n < 40; n++) Assert.InRange(world.RanOf("a", n), 50, 250);
    }

    /// <summary>Requests of one connection.</summary>
    private sealed record Load(string Machine, double PerSecond, double Service, long Connection = 0);

    private sealed class Job : TailJob
    {
        private bool _hasEnded;

        public Job(Load load, double at, TailJobTerms terms) => (Load, At, Terms) = (load, at, terms);

        public Load Load { get; }

        public double At { get; }

        public bool HasEnded => Volatile.Read(ref _hasEnded);

        public override ReadOnlyMemory<Tensors.TensorValue> Boundary => default;

        public override Memory<Tensors.TensorValue> Outputs => default;

        public override CancellationToken StopToken => default;

        public override void OnEnded() => Volatile.Write(ref _hasEnded, true);
    }

    private sealed class World : ITailRunner
    {
        private readonly FakeTimeProvider _time = new();
        private readonly FairScheduler _scheduler;
        private readonly Random _random = new(5);
        private readonly List<(Job Job, double EndsAt, TaskCompletionSource End)> _running = [];
        private readonly List<Job> _offered = [];
        private readonly List<(Job Job, double Delay)> _ran = [];
        private double _now;

        public World(int places) => _scheduler = new(this, places, maxQueued: 64, _time);

        public int RanOf(string machine, long? connection = null) => _ran.Count(one => one.Job.Load.Machine == machine && one.Job.Load.Connection == (connection ?? one.Job.Load.Connection));

        public int OfferedOf(string machine) => _offered.Count(one => one.Load.Machine == machine);

        public double DelayOf(string machine, double share)
        {
            var delays = _ran.Where(one => one.Job.Load.Machine == machine).Select(static one => one.Delay).Order().ToArray();
            return delays[(int)(share * (delays.Length - 1))];
        }

        public void Forget()
        {
            _offered.Clear();
            _ran.Clear();
        }

        // Without the context of a test, so that what the end of a run sets off happens before the next event.
        public Task<World> RunAsync(double seconds, params Load[] loads) => Task.Run(() => PlayAsync(seconds, loads));

        public async ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey)
        {
            var job = (Job)sameKey.Span[0];
            job.StartedAt = _time.GetTimestamp();
            var end = new TaskCompletionSource();
            lock (_running) _running.Add((job, _now + job.Load.Service, end));
            await end.Task.ConfigureAwait(false);
            job.EndedAt = _time.GetTimestamp();
        }

        private async Task<World> PlayAsync(double seconds, Load[] loads)
        {
            var (end, next) = (_now + seconds, loads.ToDictionary(static load => load, load => _now + Gap(load)));
            while (true)
            {
                var (load, arrival) = next.MinBy(static one => one.Value);
                if (_running.Count > 0 && _running.MinBy(static one => one.EndsAt) is var first && first.EndsAt <= Math.Min(arrival, end))
                {
                    Advance(first.EndsAt);
                    await EndAsync(first);
                    continue;
                }

                if (arrival > end) break;
                Advance(arrival);
                next[load] = arrival + Gap(load);
                var terms = new TailJobTerms(load, Cut: 0, Exit: 0, long.MaxValue, ExpectedSeconds: 0, Weight: 1, load.Connection, load.Machine, BatchKey: 0);
                var job = new Job(load, arrival, terms);
                _offered.Add(job);
                if (_scheduler.Offer(terms, out var number) is not null) continue;
                job.Arrival = number;
                _scheduler.Enqueue(job);
            }

            return this;
        }

        private double Gap(Load load) => -Math.Log(1 - _random.NextDouble()) / load.PerSecond;

        private void Advance(double to)
        {
            _time.Advance(TimeSpan.FromSeconds(to) - TimeSpan.FromSeconds(_now));
            _now = to;
        }

        private async Task EndAsync((Job Job, double EndsAt, TaskCompletionSource End) run)
        {
            lock (_running) _running.Remove(run);
            _ran.Add((run.Job, _now - run.Job.At));
            run.End.SetResult();
            // Until the scheduler has seen the end, and the next job has begun, each on whatever thread.
            while (!run.Job.HasEnded || Running() < _scheduler.LoadFor("", 0).Running) await Task.Yield();
        }

        private int Running()
        {
            lock (_running) return _running.Count;
        }
    }
}
