using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>A loaded ONNX Runtime library. It is never unloaded: its threads may outlive every session.</summary>
/// <param name="Path">Where it was found.</param>
/// <param name="Version">What it calls itself.</param>
/// <param name="Api">Its functions.</param>
internal sealed record OrtLibrary(string Path, string Version, OrtApi Api)
{
    /// <summary>Loads the library at <paramref name="path"/>, and no other.</summary>
    /// <exception cref="OnnxRuntimeNotFoundException">It is not there or does not load.</exception>
    /// <exception cref="OnnxRuntimeIncompatibleException">It is not ONNX Runtime, or too old.</exception>
    public static OrtLibrary Load(string path)
    {
        try
        {
            return Open(path, NativeLibrary.Load(System.IO.Path.GetFullPath(path)));
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new OnnxRuntimeNotFoundException([$"{path}: {Reason(path, e)}"]);
        }
    }

    /// <summary>
    /// Loads the first of <paramref name="paths"/> that is there and of use; then what the operating system finds under
    /// <paramref name="name"/>; then <paramref name="lastPath"/>.
    /// </summary>
    /// <exception cref="OnnxRuntimeNotFoundException">None is.</exception>
    public static OrtLibrary LoadFirst(IEnumerable<string> paths, string name, string lastPath)
    {
        // Windows keeps an old onnxruntime.dll of its own among its system files; these flags leave that folder out.
        const DllImportSearchPath Search = DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.ApplicationDirectory;
        var tried = new List<string>();
        foreach (var path in paths)
            if (TryLoad(path, tried) is { } library) return library;
        if (!NativeLibrary.TryLoad(name, typeof(OrtLibrary).Assembly, Search, out var handle))
            tried.Add($"{name}: the operating system finds no such library");
        else if (TryOpen(name, handle, tried) is { } library)
            return library;
        return TryLoad(lastPath, tried) ?? throw new OnnxRuntimeNotFoundException(tried);
    }

    private static OrtLibrary? TryLoad(string path, List<string> tried)
    {
        if (!File.Exists(path))
        {
            tried.Add($"{path}: no such file");
            return null;
        }

        try
        {
            return TryOpen(path, NativeLibrary.Load(path), tried);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            tried.Add($"{path}: {Reason(path, e)}");
            return null;
        }
    }

    private static OrtLibrary? TryOpen(string path, nint handle, List<string> tried)
    {
        try
        {
            return Open(path, handle);
        }
        catch (OnnxRuntimeIncompatibleException e)
        {
            tried.Add(e.Message);
            return null;
        }
    }

    private static OrtLibrary Open(string path, nint handle) =>
        NativeLibrary.TryGetExport(handle, "OrtGetApiBase", out var entry)
            ? OrtApiBase.Negotiate(path, entry)
            : throw new OnnxRuntimeIncompatibleException($"{path} is not ONNX Runtime: it does not export OrtGetApiBase. Name the file {OrtLibraryFile.Name} of an ONNX Runtime release instead.");

    private static string Reason(string path, Exception error) => File.Exists(path) ? error.Message.ReplaceLineEndings(" ") : "no such file";
}
