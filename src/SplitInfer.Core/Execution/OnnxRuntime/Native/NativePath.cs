using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>A path in native memory as ONNX Runtime takes it: null-terminated, UTF-16 on Windows, UTF-8 elsewhere.</summary>
internal sealed unsafe class NativePath(string path) : IDisposable
{
    private nint _pointer = OperatingSystem.IsWindows() ? Marshal.StringToCoTaskMemUni(path) : Marshal.StringToCoTaskMemUTF8(path);

    public void* Pointer => (void*)_pointer;

    public void Dispose() => Marshal.FreeCoTaskMem(Interlocked.Exchange(ref _pointer, 0));
}
