using System.Globalization;

namespace SplitInfer.Testing.Memory;

/// <summary>Memory of this process as Linux counts it, so that what native code and pools take is seen. To be used while no other test runs.</summary>
internal static class ResidentMemory
{
    /// <summary>How many more bytes are resident at most while something runs.</summary>
    public static long PeakOf(Action action)
    {
        // Gives back what the collector keeps, so that what was there before does not hide what is taken.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

        // Sets the peak to what is resident now.
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = StatusBytes("VmRSS:");
        action();
        return StatusBytes("VmHWM:") - before;
    }

    private static long StatusBytes(string entry) =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(entry, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
}
