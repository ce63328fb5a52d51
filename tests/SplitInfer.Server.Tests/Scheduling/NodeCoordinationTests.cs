using Microsoft.Extensions.Time.Testing;
using SplitInfer.Policies.Quality;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Tests.Connections;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>What a server tells a coordinator, and how it gets on without one.</summary>
public sealed class NodeCoordinationTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedClient.RecordingLog _log = new();
    private readonly Coordinator _coordinator = new();
    private readonly QualityNode _node;
    private readonly NodeCoordination _coordination;

    public NodeCoordinationTests()
    {
        _node = new(lanes: 1, _time, new Random(1));
        _coordination = new(_node, _coordinator, "server", _time, _log);
    }

    public async ValueTask DisposeAsync() => await _coordination.DisposeAsync();

    [Fact]
    public async Task Nothing_is_told_before_there_is_a_curve_and_then_a_report_each_second_whose_price_is_taken()
    {
        await TickAsync();
        Assert.Equal((0, 0), (_coordinator.Joins, _coordinator.Reports));
        Add();
        for (var second = 1; second <= 3; second++)
        {
            await TickAsync();
            Assert.Equal((1, second), (_coordinator.Joins, _coordinator.Reports));
        }

        Assert.Equal(0.5, _node.Price);
        Add();
        await TickAsync();
        Assert.Equal((2, 4, 2), (_coordinator.Joins, _coordinator.Reports, _coordinator.Curves));
    }

    [Fact]
    public async Task A_coordinator_that_fails_or_hangs_is_told_of_once_and_joined_again_when_it_is_back()
    {
        Add();
        await TickAsync();
        _coordinator.Failure = new IOException("It is gone.");
        for (var second = 0; second < 5; second++) await TickAsync();
        Assert.Single(_log.Entries, static entry => entry.Id.Name == "CoordinatorAway");
        _coordinator.Failure = null;
        await TickAsync();
        Assert.Equal(2, _coordinator.Joins);
        Assert.Single(_log.Entries, static entry => entry.Id.Name == "CoordinatorBack");
    }

    [Fact]
    public async Task A_coordinator_that_has_forgotten_the_server_is_joined_again_without_a_word()
    {
        Add();
        await TickAsync();
        _coordinator.Failure = new UnknownNodeException(7);
        await TickAsync();
        _coordinator.Failure = null;
        await TickAsync();
        Assert.Equal(2, _coordinator.Joins);
        Assert.Empty(_log.Entries);
    }

    private void Add() => _node.Add(new([new(0.002, 0.9), new(0.01, 1)]));

    private async Task TickAsync()
    {
        var calls = _coordinator.Calls;
        _time.Advance(TimeSpan.FromSeconds(1));
        // The work is on whatever thread; where nothing is due, there is nothing to wait for.
        for (var i = 0; i < 1000 && (_node.CurveCount == 0 ? i < 50 : _coordinator.Calls == calls); i++) await Task.Delay(1);
        await Task.Delay(5);
    }

    private sealed class Coordinator : IQualityCoordination
    {
        private int _calls;

        public int Joins { get; private set; }

        public int Reports { get; private set; }

        public int Curves { get; private set; }

        public Exception? Failure { get; set; }

        public int Calls => Volatile.Read(ref _calls);

        public ValueTask<uint> JoinAsync(string node, IReadOnlyList<QualityCurve> curves, CancellationToken cancellationToken = default)
        {
            if (Failure is IOException) return Fail<uint>();
            (Joins, Curves) = (Joins + 1, curves.Count);
            return ValueTask.FromResult(7u);
        }

        public ValueTask<PriceMessage> ReportAsync(LoadReport report, CancellationToken cancellationToken = default)
        {
            if (Failure is not null) return Fail<PriceMessage>();
            Assert.Equal(7u, report.Node);
            Reports++;
            Interlocked.Increment(ref _calls);
            return ValueTask.FromResult(new PriceMessage(7, (uint)Reports, 0.5));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private ValueTask<T> Fail<T>()
        {
            Interlocked.Increment(ref _calls);
            return ValueTask.FromException<T>(Failure!);
        }
    }
}
