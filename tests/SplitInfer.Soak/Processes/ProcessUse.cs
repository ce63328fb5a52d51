using System.Globalization;
using System.Text.Json.Serialization;

namespace SplitInfer.Soak.Processes;

/// <summary>What a process takes, as it says itself when asked, right after a full collection of its garbage.</summary>
/// <param name="ResidentBytes">Resident memory.</param>
/// <param name="ManagedBytes">Bytes of live managed objects.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Requests">Requests made or served so far.</param>
/// <param name="Counts">What else it counts, by name.</param>
internal sealed record ProcessUse(long ResidentBytes, long ManagedBytes, int Threads, int Handles, long Requests, IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>Measures this process.</summary>
    public static ProcessUse OfThis(long requests, IReadOnlyDictionary<string, long> counts)
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return new(Status("VmRSS") << 10, GC.GetTotalMemory(forceFullCollection: false), (int)Status("Threads"), Directory.GetFiles("/proc/self/fd").Length, requests, counts);
    }

    private static long Status(string name)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

/// <summary>How it goes from child to parent.</summary>
[JsonSerializable(typeof(ProcessUse))]
internal sealed partial class ProcessUseJson : JsonSerializerContext;
