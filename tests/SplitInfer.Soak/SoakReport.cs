using System.Globalization;
using System.Text.Json;
using SplitInfer.Soak.Load;
using SplitInfer.Soak.Processes;
using SplitInfer.Soak.Verdict;

namespace SplitInfer.Soak;

/// <summary>What a soak prints: a line a sample, and a table at the end.</summary>
internal sealed class SoakReport(bool isJson)
{
    private const double Megabyte = 1 << 20;

    /// <summary>Both processes were measured.</summary>
    public void Sample(double seconds, ProcessUse server, ProcessUse clients)
    {
        if (isJson) Print(new { seconds, server, clients });
        else Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds,7:F0} s  server {Of(server)}  clients {Of(clients)}"));
    }

    /// <summary>It is over.</summary>
    /// <returns>Whether all is well.</returns>
    public bool End(SoakOptions options, long requests, long decoded, IReadOnlyDictionary<string, long> counts, IReadOnlyList<SoakRow> rows)
    {
        // A soak that asks for nothing, or never reaches the server, shows nothing.
        var reaches = requests > 0 && decoded > 0;
        var isRight = counts[Tally.Wrong] == 0 && reaches;
        var passes = isRight && rows.All(static row => row.IsWithin);
        if (isJson)
        {
            Print(new { minutes = options.Duration.TotalMinutes, warmUpMinutes = options.WarmUp.TotalMinutes, seed = options.Seed, leak = options.Leak.ToString(), requests, decoded, counts, rows, passes });
            return passes;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{requests} requests in {options.Duration.TotalMinutes:0.#} minutes; judged from minute {options.WarmUp.TotalMinutes:0.##} on"));
        foreach (var (name, count) in counts) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-22}{count,10}"));
        Console.WriteLine($"\nMemory in MB\n{"process",-9}{"quantity",-17}{"first",10}{"last",10}{"growth",10}{"at most",10}");
        foreach (var row in rows)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Process,-9}{row.Quantity,-17}{row.First,10:F1}{row.Last,10:F1}{row.Growth,10:F2}{row.Limit,10:F0}{(row.IsWithin ? "" : "  grows")}"));
        Console.WriteLine(passes ? "\nsoak: passed" : !reaches ? "\nsoak: failed, since the server was not reached" : isRight ? "\nsoak: failed, since something grows" : "\nsoak: failed, since something was wrong");
        return passes;
    }

    private static string Of(ProcessUse use) => string.Create(CultureInfo.InvariantCulture,
        $"{use.ResidentBytes / Megabyte,6:F1} MB, managed {use.ManagedBytes / Megabyte,5:F1} MB, {use.Threads,3} threads, {use.Handles,3} handles, {use.Requests,7} requests");

    private static void Print(object line) => Console.WriteLine(JsonSerializer.Serialize(line, Lines));

    private static readonly JsonSerializerOptions Lines = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
}
