using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>
/// Times head and tail of every arm against the whole model. The three take turns within one process, so that whatever else the
/// machine does falls on all of them alike.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="inputs">A tensor for each input of the plan; they stay the caller's.</param>
/// <param name="execution">How ONNX Runtime runs.</param>
/// <param name="time">The clock.</param>
internal sealed class OverheadBenchmark(PartitionedModel model, Tensor[] inputs, ExecutionOptions execution, TimeProvider time) : IDisposable
{
    private const int MinRounds = 15;
    private const int MaxRounds = 300;
    private static readonly TimeSpan TimePerArm = TimeSpan.FromSeconds(3);

    private readonly SegmentSet _segments = new SegmentResidency(long.MaxValue).Open(new SegmentCompiler(model, execution));

    /// <summary>Times the arms one after the other.</summary>
    public async IAsyncEnumerable<OverheadRow> RunAsync()
    {
        using var plain = execution.Engine.LoadFile(model.Model.Source, execution);
        using var raw = new SegmentRun(new SegmentRunner(plain, model.Plan.Inputs, model.Plan.Outputs.DistinctBy(static o => o.Name).Where(o => plain.Outputs.Any(p => p.Name == o.Name))), inputs, time);
        foreach (var arm in model.Plan.Arms) yield return await TimeAsync(arm, raw);
    }

    public void Dispose() => _segments.Dispose();

    private async Task<OverheadRow> TimeAsync(Partition arm, SegmentRun raw)
    {
        var route = model.Route(arm.Index);
        using var wholeLease = await _segments.RentAsync(new(SegmentSide.Head, model.Plan.AllOnDevice.Index));
        using var headLease = route.HasHead ? await _segments.RentAsync(new(SegmentSide.Head, arm.Index)) : default;
        using var tailLease = arm.TailOutputs.IsEmpty ? default : await _segments.RentAsync(new(SegmentSide.Tail, arm.Index));

        var whole = RunOf(wholeLease, Pick(model.Route(model.Plan.AllOnDevice.Index).HeadInputs));
        var head = headLease.Runner is null ? null : RunOf(headLease, Pick(route.HeadInputs));
        var made = head?.Take() ?? [];
        var tail = tailLease.Runner is null ? null : RunOf(tailLease, [.. route.Boundary.Select(source => source.Origin == ValueOrigin.Input ? inputs[source.Index] : made[source.Index])]);
        var row = Time(arm.Index, head, tail, whole, raw);
        foreach (var tensor in made) tensor.Dispose();
        return row;
    }

    private OverheadRow Time(int partition, SegmentRun? head, SegmentRun? tail, SegmentRun whole, SegmentRun raw)
    {
        var (heads, tails, splits, wholes, raws) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        Action[] turns =
        [
            () =>
            {
                heads.Add(head?.Run() ?? 0);
                tails.Add(tail?.Run() ?? 0);
                splits.Add(heads[^1] + tails[^1]);
            },
            () => wholes.Add(whole.Run()),
            () => raws.Add(raw.Run()),
        ];

        var start = time.GetTimestamp();
        for (var round = 0; round < MinRounds || (round < MaxRounds && time.GetElapsedTime(start) < TimePerArm); round++)
            // Who runs after whom changes from round to round, since each finds the caches as the one before left them.
            for (var turn = 0; turn < turns.Length; turn++)
                turns[round % 2 == 0 ? (round + turn) % turns.Length : (round + turns.Length - turn) % turns.Length]();

        var split = Median.Of(splits);
        var (wholeMs, rawMs) = (Median.Of(wholes), Median.Of(raws));
        return new(partition, Median.Of(heads), Median.Of(tails), wholeMs, split / wholeMs, rawMs, split / rawMs);
    }

    private SegmentRun RunOf(SegmentLease lease, Tensor[] inputs) => new((SegmentRunner)lease.Runner, inputs, time);

    private Tensor[] Pick(IEnumerable<int> places) => [.. places.Select(place => inputs[place])];
}
