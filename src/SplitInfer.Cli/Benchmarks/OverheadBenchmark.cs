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
internal sealed class OverheadBenchmark(PartitionedModel model, TensorValue[] inputs, ExecutionOptions execution, TimeProvider time) : IDisposable
{
    private const int MinRounds = 15;
    private const int MaxRounds = 300;
    private static readonly TimeSpan TimePerArm = TimeSpan.FromSeconds(3);

    private readonly CutLoader _cuts = new(model, execution);

    /// <summary>Times the arms one after the other.</summary>
    public async IAsyncEnumerable<OverheadRow> RunAsync()
    {
        using var raw = LoadedCut.LoadFile(model, execution);
        using var whole = await _cuts.LoadAsync(model.Plan.AllOnDevice.Index);
        foreach (var arm in model.Plan.Arms)
        {
            using var cut = await _cuts.LoadAsync(arm.Index);
            yield return Time(cut, whole, raw);
        }
    }

    public void Dispose() => _cuts.Dispose();

    private OverheadRow Time(LoadedCut cut, LoadedCut whole, LoadedCut raw)
    {
        var crossing = cut.MakeBoundary(inputs);
        var (heads, tails, splits, wholes, raws) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        Action[] turns =
        [
            () =>
            {
                heads.Add(MillisecondsOf(() => cut.MakeBoundary(inputs)));
                tails.Add(MillisecondsOf(() => cut.RunTail(crossing)));
                splits.Add(heads[^1] + tails[^1]);
            },
            () => wholes.Add(MillisecondsOf(() => whole.MakeBoundary(inputs))),
            () => raws.Add(MillisecondsOf(() => raw.MakeBoundary(inputs))),
        ];

        var start = time.GetTimestamp();
        for (var round = 0; round < MinRounds || (round < MaxRounds && time.GetElapsedTime(start) < TimePerArm); round++)
            // Who runs after whom changes from round to round, since each finds the caches as the one before left them.
            for (var turn = 0; turn < turns.Length; turn++)
                turns[round % 2 == 0 ? (round + turn) % turns.Length : (round + turns.Length - turn) % turns.Length]();

        foreach (var tensor in crossing) tensor.Dispose();
        var split = Median.Of(splits);
        var (wholeMs, rawMs) = (Median.Of(wholes), Median.Of(raws));
        return new(cut.Partition.Index, Median.Of(heads), Median.Of(tails), wholeMs, split / wholeMs, rawMs, split / rawMs);
    }

    private double MillisecondsOf(Func<TensorValue[]> run)
    {
        var start = time.GetTimestamp();
        var made = run();
        var elapsed = time.GetElapsedTime(start).TotalMilliseconds;
        foreach (var tensor in made) tensor.Dispose();
        return elapsed;
    }
}
