using System.Globalization;
using SplitInfer.Cli.Verification;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Output;

/// <summary>A line for each model, and one for each partition that failed.</summary>
internal sealed class VerifyTable(Terminal terminal) : IVerifyReport
{
    private readonly List<Verdict> _failed = [];
    private TensorDifference _largest = TensorDifference.None;
    private int _verified;
    private int _bitExact;

    public void Add(Verdict verdict)
    {
        _verified++;
        if (verdict.Difference.IsBitExact) _bitExact++;
        _largest = _largest.Or(verdict.Difference);
        if (!verdict.IsOk) _failed.Add(verdict);
    }

    public void End(string model, PartitionPlan plan, IReadOnlyDictionary<string, int> skipped)
    {
        var verdict = _failed.Count == 0 ? "ok" : $"{_failed.Count} FAILED";
        terminal.Output.WriteLine(
            $"{model}: {verdict}; {_verified} of {plan.Partitions.Length} partitions run, {_bitExact} bit-exact, largest difference {Text(_largest.MaxAbs)} absolute, {Text(_largest.MaxRel)} relative");
        foreach (var failure in _failed)
            terminal.Output.WriteLine($"  partition {failure.Partition.Index}: {failure.Error ?? $"differs by {Text(failure.Difference.MaxAbs)} absolute, {Text(failure.Difference.MaxRel)} relative"}");
        foreach (var (reason, count) in skipped)
            terminal.Output.WriteLine($"  {count} skipped: {reason}");
    }

    private static string Text(double difference) => difference.ToString("G3", CultureInfo.InvariantCulture);
}
