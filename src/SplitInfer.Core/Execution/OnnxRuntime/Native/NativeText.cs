using System.Runtime.InteropServices;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Strings in native memory, null-terminated UTF-8, as an array of pointers. Not for hot paths.</summary>
internal sealed unsafe class NativeText : IDisposable
{
    private readonly nint[] _pointers;

    public NativeText(params ReadOnlySpan<string> texts)
    {
        // Pinned, so that native code can be given the array itself.
        _pointers = GC.AllocateArray<nint>(Math.Max(texts.Length, 1), pinned: true);
        for (var i = 0; i < texts.Length; i++) _pointers[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
    }

    /// <summary>The array; valid while this object is neither disposed nor collected.</summary>
    public byte** Pointers => (byte**)Marshal.UnsafeAddrOfPinnedArrayElement(_pointers, 0);

    /// <summary>One of the strings.</summary>
    public byte* this[int index] => (byte*)_pointers[index];

    public void Dispose()
    {
        foreach (ref var pointer in _pointers.AsSpan()) Marshal.FreeCoTaskMem(Interlocked.Exchange(ref pointer, 0));
    }
}
