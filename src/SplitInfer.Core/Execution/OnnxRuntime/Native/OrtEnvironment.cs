using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// What a process has one of: the library, its environment with the shared pool of threads, and the shared arena. It lives as long
/// as the process, since native threads may still be inside when the last session is gone. Thread-safe.
/// </summary>
internal sealed unsafe class OrtEnvironment
{
    private const string PathVariable = "SPLITINFER_ONNXRUNTIME";

    private static readonly Lock Gate = new();
    private static OrtEnvironment? _current;

    private readonly Lazy<bool> _sharedArena;

    private OrtEnvironment(OrtLibrary library, int threads)
    {
        (Library, var api) = (library, library.Api);
        using var threading = new OrtHandle(api, OrtObject.ThreadingOptions, api.CreateThreadingOptions());
        api.SetGlobalIntraOpNumThreads(threading.Pointer, threads);
        // Segments run their nodes one after the other; between nodes there is nothing to spread.
        api.SetGlobalInterOpNumThreads(threading.Pointer, 1);
        using var logId = new NativeText("SplitInfer");
        Handle = api.CreateEnvWithGlobalThreadPools(OrtLogLevel.Error, logId[0], threading.Pointer);
        CpuMemory = api.CreateCpuMemoryInfo(OrtAllocatorKind.Device);
        Allocator = api.GetAllocatorWithDefaultOptions();
        AvailableProviders = ReadProviders(api);
        _sharedArena = new(RegisterArena);
    }

    /// <summary>The library in use.</summary>
    public OrtLibrary Library { get; }

    /// <summary>Its functions.</summary>
    public OrtApi Api => Library.Api;

    /// <summary>The native environment.</summary>
    public nint Handle { get; }

    /// <summary>Describes memory that is ours.</summary>
    public nint CpuMemory { get; }

    /// <summary>The plain allocator.</summary>
    public nint Allocator { get; }

    /// <summary>Full names of the execution providers that the library was built with.</summary>
    public ImmutableArray<string> AvailableProviders { get; }

    /// <summary>The process's environment, made at the first call.</summary>
    /// <exception cref="OnnxRuntimeNotFoundException">No library was found. The next call looks again.</exception>
    /// <exception cref="OnnxRuntimeIncompatibleException">The library that was asked for is of no use, or another one is in use.</exception>
    public static OrtEnvironment For(ExecutionOptions options)
    {
        options.Validate();
        lock (Gate)
        {
            _current ??= new(FindLibrary(), options.IntraOpThreads);
            return _current;
        }
    }

    /// <summary>Makes the arena that sessions can share, unless it is there.</summary>
    public void EnsureSharedArena() => _ = _sharedArena.Value;

    private bool RegisterArena()
    {
        using var memory = new OrtHandle(Api, OrtObject.MemoryInfo, Api.CreateCpuMemoryInfo(OrtAllocatorKind.Arena));
        // Many sessions of different sizes share it: it grows by what is asked for, not by doubling what it has.
        const nuint SameAsRequested = 1;
        using var key = new NativeText("arena_extend_strategy");
        var name = key[0];
        var value = SameAsRequested;
        using var arena = new OrtHandle(Api, OrtObject.Arena, Api.CreateArenaCfgV2(&name, &value, count: 1));
        Api.CreateAndRegisterAllocator(Handle, memory.Pointer, arena.Pointer);
        return true;
    }

    private static OrtLibrary FindLibrary()
    {
        var folders = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        var application = AppContext.BaseDirectory;
        return OrtLibrary.LoadFirst(
            OrtLibraryFile.OfApplication(application, folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)),
            OrtLibraryFile.BareName,
            OrtLibraryFile.OfSplitInfer(application));
    }

    private static ImmutableArray<string> ReadProviders(OrtApi api)
    {
        var names = api.GetAvailableProviders(out var count);
        try
        {
            return [.. Enumerable.Range(0, count).Select(i => Marshal.PtrToStringUTF8((nint)names[i])!)];
        }
        finally
        {
            api.ReleaseAvailableProviders(names, count);
        }
    }
}
