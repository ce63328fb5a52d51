using System.Globalization;
using SplitInfer.Cli.Inputs;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Commands.Verify;

/// <summary>A line for each model, one for each partition that failed, and a summary of several models.</summary>
internal sealed class VerifyTable(Terminal terminal) : IVerifyReport
{
    private readonly List<VerdictLine> _verdicts = [];

    public void Add(VerdictLine verdict) => _verdicts.Add(verdict);

    public void End(ModelResult result)
    {
        if (result.Outcome == Outcome.Refused) terminal.Complain(result.Reason!);
        else if (result.Outcome == Outcome.Incomparable) terminal.Output.WriteLine(result.Reason);
        else WriteVerdicts(result);
        _verdicts.Clear();
    }

    public void Summarize(VerifySummary summary)
    {
        terminal.Output.WriteLine();
        terminal.Output.WriteLine(
            $"{summary.Models} models: {summary[Outcome.Verified]} verified, {summary[Outcome.Failed]} failed, {summary[Outcome.Refused]} refused, {summary[Outcome.Incomparable]} cannot be compared; {summary.Partitions} partitions run");
        foreach (var reason in summary.Reasons)
        {
            var outcome = reason.Outcome switch { Outcome.Failed => "FAILED: ", Outcome.Refused => "refused: ", _ => "" };
            terminal.Output.WriteLine($"  {reason.Count} {outcome}{reason.Kind}");
            terminal.Output.WriteLine($"      such as {reason.Example}");
        }
    }

    private void WriteVerdicts(ModelResult result)
    {
        var isBroken = result.End.Kind == VerifyEnd.Broken;
        if (isBroken && _verdicts.Count == 0)
        {
            terminal.Output.WriteLine($"{result.Model.Path}: FAILED {result.End.Reason}");
            return;
        }

        var verdict = isBroken ? $"FAILED {result.End.Reason}" : result.Failed == 0 ? "ok" : $"{result.Failed} FAILED";
        var (absolute, relative) = (_verdicts.Select(static v => v.MaxAbsDiff).DefaultIfEmpty().Max(), _verdicts.Select(static v => v.MaxRelDiff).DefaultIfEmpty().Max());
        terminal.Output.WriteLine(
            $"{result.Model.Path}: {verdict}; {_verdicts.Count} of {result.Planned?.Partitions ?? 0} partitions run, {_verdicts.Count(static v => v.BitExact)} bit-exact, largest difference {Text(absolute)} absolute, {Text(relative)} relative");
        foreach (var failure in _verdicts.Where(static v => !v.Ok))
            terminal.Output.WriteLine($"  partition {failure.Partition}: {failure.Error ?? $"{failure.Fault} by {Text(failure.MaxAbsDiff)} absolute, {Text(failure.MaxRelDiff)} relative"}");
        if (result.Planned is not { } planned) return;
        if (!isBroken && planned.Chosen + planned.Skipped.Values.Sum() < planned.Partitions)
            terminal.Output.WriteLine($"  {planned.Chosen} chosen of {planned.Partitions - planned.Skipped.Values.Sum()} that can be made");
        foreach (var (reason, count) in planned.Skipped)
            terminal.Output.WriteLine($"  {count} skipped: {OptionWords.Of(reason)}");
    }

    private static string Text(double difference) => difference.ToString("G3", CultureInfo.InvariantCulture);
}
