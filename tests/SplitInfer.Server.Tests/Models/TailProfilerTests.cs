using Microsoft.Extensions.Time.Testing;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;
using SplitInfer.Segments;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;

namespace SplitInfer.Server.Tests.Models;

/// <summary>Measures tails that take as long as a test says, on a clock that only they move.</summary>
public sealed class TailProfilerTests : IServedModel
{
    private static readonly PartitionedModel Model = Build();

    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _warnings = [];
    private readonly List<int> _rented = [];
    private Func<int, CancellationToken, double> _seconds = static (_, _) => 0.01;
    private int _runs;

    public string Name => "model";

    public string Version => "1";

    public PartitionPlan Plan => Model.Plan;

    private static IEnumerable<int> Arms => Model.Plan.Arms.Where(static a => a != Model.Plan.AllOnDevice).Select(static a => a.Index);

    [Fact]
    public async Task Every_arm_with_a_tail_gets_the_median_of_its_runs()
    {
        _seconds = (partition, _) => (0.001 * (partition + 1)) + (_runs % 3 == 0 ? 1 : 0);
        var measured = await MeasureAsync();
        Assert.Equal(Plan.Partitions.Length, measured.Count);
        Assert.All(Plan.Partitions, p => Assert.Equal(Arms.Contains(p.Index) ? 0.001 * (p.Index + 1) : 0, measured[p.Index], 6));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task What_the_budget_leaves_out_lies_between_neighbours()
    {
        _seconds = static (_, _) => 2;
        var measured = await MeasureAsync();
        Assert.True(Arms.Count() > 2);
        Assert.Equal([Arms.First(), Arms.Last()], _rented);
        Assert.Equal(2, measured.Count(static s => s == 2));
    }

    [Fact]
    public async Task A_tail_that_fails_is_left_out()
    {
        _seconds = static (partition, _) => partition == Arms.First() ? throw new TailRefusedException(RefusalCode.Failed, "No.") : 0.01;
        var measured = await MeasureAsync();
        Assert.Equal(Arms.Skip(1), Enumerable.Range(0, measured.Count).Where(index => measured[index] > 0));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Where_every_tail_fails_the_reason_is_told_and_there_is_no_profile()
    {
        _seconds = static (_, _) => throw new TailRefusedException(RefusalCode.Failed, "No.");
        Assert.Empty(await MeasureAsync());
        Assert.Equal(["No."], _warnings);
    }

    [Fact]
    public async Task A_tail_that_runs_for_ever_is_stopped()
    {
        _seconds = (_, stop) =>
        {
            while (!stop.IsCancellationRequested) _time.Advance(TimeSpan.FromSeconds(1));
            throw new OperationCanceledException(stop);
        };
        Assert.Empty(await MeasureAsync());
        Assert.Contains("20 s", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    ValueTask<SegmentLease> IServedModel.RentTailAsync(int partition, CancellationToken cancellationToken)
    {
        _rented.Add(partition);
        return new(new SegmentLease(new ScriptedRunner((_, _, stop) =>
        {
            _runs++;
            _time.Advance(TimeSpan.FromSeconds(_seconds(partition, stop)));
            return ValueTask.CompletedTask;
        })));
    }

    public void Dispose()
    {
    }

    private static PartitionedModel Build()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 64);
        // Each cut has a smaller boundary than those before, which makes it an arm.
        for (var width = 32; width > 1; width /= 2) x = g.Dense(x, width);
        g.Output(x);
        return PartitionedModel.From(OnnxModel.Parse(g.ToBytes()), null, new ExecutionOptions { IntraOpThreads = 1 });
    }

    private async Task<IReadOnlyList<double>> MeasureAsync() => await new TailProfiler(Model, this, _time).MeasureAsync(_warnings.Add, CancellationToken.None);
}
