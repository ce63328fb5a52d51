using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>What the library's one export returns: layout is that of the C API.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct OrtApiBase
{
    public delegate* unmanaged<uint, nint> GetApi;
    public delegate* unmanaged<byte*> GetVersionString;

    /// <summary>Takes the highest version of the API that both sides know. Version 1.N of the library knows the versions up to N.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="entry">Address of the export.</param>
    /// <exception cref="OnnxRuntimeIncompatibleException">The library is too old.</exception>
    public static OrtLibrary Negotiate(string path, nint entry)
    {
        var api = ((delegate* unmanaged<OrtApiBase*>)entry)();
        var name = Marshal.PtrToStringUTF8((nint)api->GetVersionString()) ?? "";
        var theirs = name.Split('.') is ["1", var minor, ..] && uint.TryParse(minor, out var number) ? number : OrtApi.NewestVersion;
        var version = Math.Min(theirs, OrtApi.NewestVersion);
        // A library that is asked for more than it knows complains on standard error, so one that is too old is not asked.
        var table = version < OrtApi.OldestVersion ? 0 : api->GetApi(version);
        return table != 0
            ? new(path, name, new OrtApi(table, version))
            : throw new OnnxRuntimeIncompatibleException($"{path} is ONNX Runtime {name}, which is too old. Install {OnnxRuntimeIncompatibleException.OldestVersion} or later.");
    }
}
