using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Keeps the C library's heap small. Sessions come and go on threads of the pool, and glibc gives threads up to eight heaps for each processor, each of
/// which grows to what was ever needed there at once and gives little back: a process that loads and unloads for long takes a multiple of what is alive.
/// </summary>
internal static partial class NativeHeap
{
    private const int ArenaMax = -8; // M_ARENA_MAX
    private const string Variable = "MALLOC_ARENA_MAX";

    /// <summary>As many heaps as processors, so that threads that run wait for no other. An application or operator who has set a number keeps it; other C libraries are left alone.</summary>
    public static void Limit()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Variable) is not null) return;
        if (!NativeLibrary.TryLoad("libc.so.6", out var library) || !NativeLibrary.TryGetExport(library, "mallopt", out _)) return;
        _ = MallOpt(ArenaMax, Math.Max(2, Environment.ProcessorCount));
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);
}
