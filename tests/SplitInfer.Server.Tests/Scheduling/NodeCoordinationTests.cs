using Microsoft.Extensions.Time.Testing;
using SplitInfer.Policies.Quality;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Tests.Connections;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>What a server tells a coordinator, and how it gets on without one.</summary>
public sealed class NodeCoordinationTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromMinutes(1);

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

    public async ValueTask DisposeAsync()
    {
        await _coordination.DisposeAsync();
        await _coordination.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_told_before_there_is_a_curve_and_then_a_report_each_second_whose_price_is_taken()
    {
        _time.Advance(Second);
        await Task.Delay(20);
        Assert.Equal((0, 0), (_coordinator.Joins, _coordinator.Reports));
        Add();
        for (var second = 1; second <= 3; second++) await ReportedAsync();
        Assert.Equal(1, _coordinator.Joins);
        await UntilAsync(() => _node.Price == 0.5);
    }

    [Fact]
    public async Task A_coordinator_knows_the_curves_that_requests_come_for_by_places_of_its_own()
    {
        const int Curves = 40;
        for (var i = 0; i < Curves; i++) Add(seconds: 0.001 * (i + 1));
        await ReportedAsync();
        Assert.Empty(_coordinator.Curves);
        for (var curve = 0; curve < Curves; curve++)
        {
            Arrive(curve);
            await ReportedAsync();
            Assert.InRange(_coordinator.Curves.Length, 1, 12);
            Assert.Contains(_coordinator.Last!.Classes, told => _coordinator.Curves[told.Curve].Exits[0].Seconds == 0.001 * (curve + 1));
            // Until it is forgotten; a report speaks of a few kinds of requests.
            _time.Advance(20 * Second);
            await ReportedAsync();
        }

        var joins = _coordinator.Joins;
        Arrive(Curves - 1);
        await ReportedAsync();
        Assert.Equal(joins, _coordinator.Joins);
    }

    [Fact]
    public async Task A_curve_in_the_place_of_another_one_is_told_anew()
    {
        var number = Add(seconds: 0.002);
        Arrive(number);
        await ReportedAsync();
        _node.Remove(number);
        Assert.Equal(0, _node.CurveCount);
        Assert.Equal(number, Add(seconds: 0.003));
        Arrive(number);
        await ReportedAsync();
        Assert.Equal(0.003, _coordinator.Curves[Assert.Single(_coordinator.Last!.Classes).Curve].Exits[0].Seconds);
    }

    [Fact]
    public async Task A_coordinator_that_answers_is_told_of_once_and_one_that_never_did_is_not_said_to_have_stopped()
    {
        Add();
        _coordinator.Failure = new IOException("Nobody is there.");
        // Connecting may take some seconds.
        for (var second = 0; second < 9; second++) await FailedAsync();
        Assert.Empty(_log.Entries);
        for (var second = 0; second < 9; second++) await FailedAsync();
        await UntilAsync(() => Logged("CoordinatorNotHeard") == 1);
        _coordinator.Failure = null;
        await ReportedAsync();
        await ReportedAsync();
        Assert.Equal(["CoordinatorNotHeard", "CoordinatorJoined"], _log.Entries.Select(static entry => entry.Id.Name));
    }

    [Fact]
    public async Task A_coordinator_that_refuses_the_server_is_told_of_at_once_with_its_words_and_not_again()
    {
        Add();
        _coordinator.Failure = new NodeRefusedException("The region has 2 nodes, as many as MaxNodes allows. Raise it.");
        for (var second = 0; second < 12; second++) await FailedAsync();
        _coordinator.Failure = null;
        await ReportedAsync();
        Assert.Equal(["CoordinatorRefuses", "CoordinatorJoined"], _log.Entries.Select(static entry => entry.Id.Name));
        Assert.Contains("Raise it.", _log.Entries[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_requests_lets_the_last_price_of_a_coordinator_that_is_gone_fall_to_nothing()
    {
        Add();
        await ReportedAsync();
        await UntilAsync(() => _node.Price == 0.5);
        _coordinator.Failure = new IOException("It is gone.");
        for (var second = 0; second < 20; second++) await FailedAsync();
        Assert.Equal(0, _node.Price);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_coordinator_that_fails_or_hangs_is_told_of_once_and_joined_again_when_it_is_back(bool hangs)
    {
        Add();
        await ReportedAsync();
        (_coordinator.Failure, _coordinator.Hangs) = (new IOException("It is gone."), hangs);
        for (var second = 0; second < 8; second++) await FailedAsync();

        await UntilAsync(() => Logged("CoordinatorAway") == 1);
        (_coordinator.Failure, _coordinator.Hangs) = (null, false);
        await AdvanceUntilAsync(() => Logged("CoordinatorBack") == 1);
        Assert.Equal((2, 1), (_coordinator.Joins, Logged("CoordinatorAway")));
    }

    [Fact]
    public async Task A_coordinator_that_has_forgotten_the_server_is_joined_again_without_a_word()
    {
        Add();
        await ReportedAsync();
        _coordinator.Failure = new UnknownNodeException(7);
        await FailedAsync();
        _coordinator.Failure = null;
        await AdvanceUntilAsync(() => _coordinator.Joins == 2);
        await ReportedAsync();
        Assert.Equal(["CoordinatorJoined"], _log.Entries.Select(static entry => entry.Id.Name));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    public async Task What_is_no_price_changes_nothing_and_is_told(double price)
    {
        Add();
        await ReportedAsync();
        _coordinator.Price = price;
        await AdvanceUntilAsync(() => Logged("CoordinatorAway") == 1);
        Assert.InRange(_node.Price, 0, 0.5);
    }

    private int Add(double seconds = 0.002) => _node.Add(new([new(seconds, 0.9), new(seconds + 0.2, 1)]))!.Value;

    private void Arrive(int curve) => _node.Arrive(curve, new(), _time.GetTimestamp());

    private int Logged(string name) => _log.Entries.Count(entry => entry.Id.Name == name);

    private async Task ReportedAsync()
    {
        var reports = _coordinator.Reports;
        await AdvanceUntilAsync(() => _coordinator.Reports > reports);
    }

    private async Task FailedAsync()
    {
        var calls = _coordinator.Calls;
        await AdvanceUntilAsync(() => _coordinator.Calls > calls);
    }

    /// <summary>Lets time pass until something holds, a second after the other: what a second brings is on whatever thread.</summary>
    private async Task AdvanceUntilAsync(Func<bool> holds)
    {
        _time.Advance(Second);
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < Patience.TotalMilliseconds / 5, "nothing came of it");
            await Task.Delay(5);
            // A call that hangs is given up after some seconds.
            if (waited % 20 == 19) _time.Advance(Second);
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < Patience.TotalMilliseconds / 5, "nothing came of it");
            await Task.Delay(5);
        }
    }

    private sealed class Coordinator : IQualityCoordination
    {
        private int _calls, _joins, _reports;

        public int Joins => Volatile.Read(ref _joins);

        public int Reports => Volatile.Read(ref _reports);

        public QualityCurve[] Curves { get; private set; } = [];

        public LoadReport? Last { get; private set; }

        public double Price { get; set; } = 0.5;

        public Exception? Failure { get; set; }

        public bool Hangs { get; set; }

        public int Calls => Volatile.Read(ref _calls);

        public ValueTask<uint> JoinAsync(string node, IReadOnlyList<QualityCurve> curves, CancellationToken cancellationToken = default)
        {
            if (Failure is IOException or NodeRefusedException) return Fail<uint>();
            Curves = [.. curves];
            Interlocked.Increment(ref _joins);
            return ValueTask.FromResult(7u);
        }

        public ValueTask<PriceMessage> ReportAsync(LoadReport report, CancellationToken cancellationToken = default)
        {
            if (Failure is not null) return Fail<PriceMessage>();
            Assert.Equal(7u, report.Node);
            Last = report;
            Interlocked.Increment(ref _reports);
            Interlocked.Increment(ref _calls);
            return ValueTask.FromResult(new PriceMessage(7, (uint)Reports, Price));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private ValueTask<T> Fail<T>()
        {
            Interlocked.Increment(ref _calls);
            return Hangs ? new(new TaskCompletionSource<T>().Task) : ValueTask.FromException<T>(Failure!);
        }
    }
}
