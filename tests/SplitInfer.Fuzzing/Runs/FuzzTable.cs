using System.Globalization;

namespace SplitInfer.Fuzzing.Runs;

/// <summary>Prints reports as rows.</summary>
internal static class FuzzTable
{
    public static void WriteHead(TextWriter to) =>
        to.WriteLine($"{"target",-28}{"inputs",10}{"accepted",10}{"outcomes",9}{"s",8}{"slowest",10}{"MB/input",9}{"peak MB",9}{"finds",6}  refused");

    public static void Write(TextWriter to, FuzzReport report)
    {
        var refused = string.Join(", ", report.Refused.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key} {r.Value}")));
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Target,-28}{report.Inputs,10}{report.Accepted,10}{report.Outcomes.Count,9}{report.Duration.TotalSeconds,8:F1}{report.Slowest.TotalMilliseconds,7:F1} ms{report.MostAllocated / 1048576.0,9:F1}{report.PeakResident / 1048576.0,9:F0}{report.Finds.Count,6}  {refused}"));
        foreach (var find in report.Finds)
        {
            to.WriteLine($"  find in input {find.Index}: {find.What}");
            to.WriteLine($"  reproduce: dotnet run --project tests/SplitInfer.Fuzzing -c Release -- {report.Target} --input {find.File}");
        }
    }
}
