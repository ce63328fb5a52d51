using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// The functions of ONNX Runtime's C API that are used here. The API is a table of function pointers that only ever grows at its end,
/// so a place in it means the same in every version that has it. Functions report errors by a status object, null for success;
/// those here raise it as <see cref="EngineException"/>, under the names that the C API gives them.
/// </summary>
internal sealed unsafe partial class OrtApi(nint table, uint version)
{
    /// <summary>The highest version that this binding knows.</summary>
    public const uint NewestVersion = 29;

    /// <summary>The lowest version that has all that is used without asking.</summary>
    public const uint OldestVersion = 20;

    private readonly void** _table = (void**)table;

    /// <summary>The version that the table was asked for as.</summary>
    public uint Version { get; } = version;

    /// <summary>Frees a native object.</summary>
    public void Release(OrtObject kind, nint handle) => ((delegate* unmanaged<nint, void>)_table[(int)kind])(handle);

    /// <summary>Raises a status as an exception and frees it; null is success.</summary>
    public void Check(nint status)
    {
        if (status != 0) throw TakeError(status);
    }

    /// <summary>Makes an exception of a status that is not null, and frees it.</summary>
    public EngineException TakeError(nint status)
    {
        var code = ((delegate* unmanaged<nint, int>)_table[1])(status);
        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)_table[2])(status));
        Release(OrtObject.Status, status);
        return new((EngineErrorCode)code, message?.TrimEnd() ?? "no message");
    }
}
