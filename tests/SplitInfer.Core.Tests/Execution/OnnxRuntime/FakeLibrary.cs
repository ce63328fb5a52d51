using System.Runtime.InteropServices;
using SplitInfer.Execution.OnnxRuntime;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>What a library exports, with a version of the test's choice and a table that nobody may call. For one test at a time.</summary>
internal static unsafe class FakeLibrary
{
    private static readonly nint Table = Marshal.AllocHGlobal(1);
    private static readonly OrtApiBase* Base = MakeBase();
    private static nint _version;

    public static List<uint> Asked { get; } = [];

    public static bool Refuses { get; set; }

    public static OrtLibrary Negotiate(string version)
    {
        Asked.Clear();
        _version = Marshal.StringToHGlobalAnsi(version);
        return OrtApiBase.Negotiate("lib", (nint)(delegate* unmanaged<OrtApiBase*>)&GetApiBase);
    }

    private static OrtApiBase* MakeBase()
    {
        var made = (OrtApiBase*)NativeMemory.Alloc((nuint)sizeof(OrtApiBase));
        *made = new() { GetApi = &GetApi, GetVersionString = &GetVersionString };
        return made;
    }

    [UnmanagedCallersOnly]
    private static OrtApiBase* GetApiBase() => Base;

    [UnmanagedCallersOnly]
    private static byte* GetVersionString() => (byte*)_version;

    [UnmanagedCallersOnly]
    private static nint GetApi(uint version)
    {
        Asked.Add(version);
        return Refuses ? 0 : Table;
    }
}
