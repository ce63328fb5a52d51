using System.Globalization;
using SplitInfer.Fuzzing.Runs;

namespace SplitInfer.Fuzzing;

/// <summary>
/// Feeds damaged input to what reads what others wrote, and tells what came of it.<br/>
/// SplitInfer.Fuzzing TARGET|all|list [--inputs N] [--seed N] [--out DIR]<br/>
/// SplitInfer.Fuzzing TARGET --input FILE          takes one input, as a find is reproduced<br/>
/// Exit code 0: nothing was found; 1: something was; 2: wrong usage.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        var names = args is [var first, ..] ? first == "all" ? FuzzTargets.Names : first.EndsWith('*') ? [.. FuzzTargets.Names.Where(n => n.StartsWith(first[..^1], StringComparison.Ordinal))] : [first] : [];
        if (args is ["list"])
        {
            foreach (var name in FuzzTargets.Names) Console.WriteLine(name);
            return 0;
        }

        if (names.Count == 0 || names.Any(static n => !FuzzTargets.Names.Contains(n)) || args.Length % 2 == 0)
        {
            Console.Error.WriteLine($"Give a target, a start of names with *, all or list, then --inputs N, --seed N, --out DIR or --input FILE. Targets: {string.Join(", ", FuzzTargets.Names)}.");
            return 2;
        }

        string Option(string name, string otherwise) => Array.IndexOf(args, name) is >= 0 and var at ? args[at + 1] : otherwise;
        long Number(string name, long otherwise) => long.Parse(Option(name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

        if (Option("--input", "") is { Length: > 0 } file)
        {
            using var target = FuzzTargets.Create(names[0]);
            return FuzzRun.Reproduce(target, File.ReadAllBytes(file)) ? 0 : 1;
        }

        FuzzTable.WriteHead(Console.Out);
        var finds = 0;
        foreach (var name in names)
        {
            using var target = FuzzTargets.Create(name);
            var report = FuzzRun.Run(target, Number("--inputs", 100_000), (int)Number("--seed", 1), Option("--out", Path.Combine("artifacts", "fuzz")));
            FuzzTable.Write(Console.Out, report);
            finds += report.Finds.Count;
        }

        return finds == 0 ? 0 : 1;
    }
}
