using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SplitInfer.Fuzzing.Runs;

/// <summary>Feeds inputs to a target.</summary>
internal static partial class FuzzRun
{
    private const int MostKindsOfFinds = 20;
    private const int MostWords = 160;

    /// <summary>Runs a target.</summary>
    /// <param name="target">The target.</param>
    /// <param name="inputs">How many inputs.</param>
    /// <param name="seed">Which.</param>
    /// <param name="folder">Where finds are written.</param>
    /// <param name="countsMemory">Whether what the process allocates meanwhile is the target's, so that too much of it is a find.</param>
    public static FuzzReport Run(FuzzTarget target, long inputs, int seed, string folder, bool countsMemory = true)
    {
        var report = new FuzzReport(target.Name);
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        using var watch = new Watchdog(target, folder);
        var began = Stopwatch.GetTimestamp();
        for (long index = 0; index < inputs; index++)
        {
            var input = target.Make(seed, index);
            watch.Begin(input);
            var (taken, allocated) = (Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes());
            var find = TryTake(target, input, report);
            allocated = GC.GetTotalAllocatedBytes() - allocated;
            var time = Stopwatch.GetElapsedTime(taken);
            if (countsMemory && allocated > target.MostBytes(input.Length)) find ??= ("memory", $"{allocated} bytes were allocated for an input of {input.Length}");
            if (time > report.Slowest) report.Slowest = time;
            report.MostAllocated = Math.Max(report.MostAllocated, allocated);
            report.Inputs++;
            if (find is not { } found || !kinds.Add(found.Kind) || kinds.Count > MostKindsOfFinds) continue;
            report.Finds.Add(new(index, watch.Save(input), found.What));
        }

        report.Duration = Stopwatch.GetElapsedTime(began);
        using var process = Process.GetCurrentProcess();
        report.PeakResident = process.PeakWorkingSet64;
        return report;
    }

    /// <summary>Takes one input and tells all.</summary>
    /// <returns>Whether it came to something that may be.</returns>
    public static bool Reproduce(FuzzTarget target, byte[] input)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        try
        {
            Console.WriteLine($"taken: {target.Take(input)}");
        }
        catch (Exception error)
        {
            Console.WriteLine($"{(target.Documents(error) ? "refused" : "FIND")}: {error}");
            if (!target.Documents(error)) return false;
        }

        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Console.WriteLine($"{allocated} bytes allocated for {input.Length}");
        return allocated <= target.MostBytes(input.Length);
    }

    private static (string Kind, string What)? TryTake(FuzzTarget target, byte[] input, FuzzReport report)
    {
        try
        {
            report.Outcomes.Add(target.Take(input));
            report.Accepted++;
            return null;
        }
        catch (Exception error) when (target.Documents(error))
        {
            var type = error.GetType().Name;
            report.Refused[type] = report.Refused.GetValueOrDefault(type) + 1;
            report.Outcomes.Add($"{type}: {WordsOf(error.Message)}");
            return null;
        }
#pragma warning disable CA1031 // What else comes is what is looked for.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return (KindOf(error), error.ToString());
        }
    }

    /// <summary>What tells finds apart: the error and where it was thrown.</summary>
    private static string KindOf(Exception error) => $"{error.GetType()} {(error is FuzzFindException ? WordsOf(error.Message) : "")} {error.StackTrace?.Split('\n').FirstOrDefault()}";

    private static string WordsOf(string message) => Numbers().Replace(message.Length > MostWords ? message[..MostWords] : message, "#");

    // Names stand in quotes, and what was cut off has lost its closing one.
    [GeneratedRegex(@"'[^']*('|$)|-?[0-9][0-9.,]*")]
    private static partial Regex Numbers();
}
