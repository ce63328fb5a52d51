using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using SplitInfer.Cli.Processes;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What sessions take of resident memory, each kind measured in a process of its own that does nothing else.</summary>
internal static partial class ResidentMemory
{
    /// <summary>The option by which this program measures itself.</summary>
    public const string Option = "--resident";

    private const string Whole = "whole";
    private const string Arms = "arms";
    private const int Repetitions = 3;

    /// <summary>KiB of all arms' segments, and of one plain session of the whole model.</summary>
    public static async Task<(double Segments, double Whole)> MeasureAsync(string path, IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        var (segments, whole) = (new List<double>(), new List<double>());
        for (var i = 0; i < Repetitions; i++)
        {
            whole.Add(await ChildAsync(path, Whole, options, cancellationToken));
            segments.Add(await ChildAsync(path, Arms, options, cancellationToken));
        }

        return (Median.Of(segments), Median.Of(whole));
    }

    /// <summary>The child's part: loads what it is told to, runs each session once, and says how many KiB that took.</summary>
    public static async Task<double> LoadAsync(PartitionedModel model, TensorValue[] inputs, ExecutionOptions execution, string what)
    {
        var before = Settled();
        if (what == Whole)
        {
            using var whole = LoadedCut.Load(model, model.Plan.AllOnDevice.Index, execution);
            RunOnce(whole, inputs);
            return Settled() - before;
        }

        using var loader = new CutLoader(model, execution);
        var arms = new List<LoadedCut>();
        foreach (var arm in model.Plan.Arms) arms.Add(await loader.LoadAsync(arm.Index));
        var taken = Settled() - before;
        foreach (var arm in arms) arm.Dispose();
        return taken;
    }

    private static void RunOnce(LoadedCut cut, TensorValue[] inputs)
    {
        foreach (var tensor in cut.MakeBoundary(inputs)) tensor.Dispose();
    }

    /// <summary>Resident KiB once both heaps have given back what they do not need.</summary>
    private static double Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        if (NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "malloc_trim", out _)) _ = MallocTrim(0);
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1024.0;
    }

    private static async Task<double> ChildAsync(string path, string what, IReadOnlyList<string> options, CancellationToken cancellationToken)
    {
        var start = ThisProgram.With(["bench", "overhead", path, Option, what, .. options]);
        using var child = Process.Start(start) ?? throw new IOException("A child process could not be started.");
        var output = await child.StandardOutput.ReadToEndAsync(cancellationToken);
        await child.WaitForExitAsync(cancellationToken);
        return double.TryParse(output, NumberStyles.Float, CultureInfo.InvariantCulture, out var kib)
            ? kib
            : throw new IOException($"The child process that measures memory ended with code {child.ExitCode}.");
    }

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nint pad);
}
