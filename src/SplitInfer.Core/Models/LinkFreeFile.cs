using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SplitInfer.Models;

/// <summary>
/// Opens a file below a folder, step by step, without following a link at any step: the kernel refuses it, so that no link can take the place of
/// what was looked at before. Linux and macOS on the usual processors have this; elsewhere callers look before and after.
/// </summary>
internal static partial class LinkFreeFile
{
    private const int Interrupted = 4;

    private static readonly Platform? Current = PlatformOf();

    /// <summary>Whether this platform can.</summary>
    public static bool IsSupported => Current is not null;

    /// <summary>Opens a file to read it.</summary>
    /// <param name="folder">Where the path begins; it may be reached by links.</param>
    /// <param name="steps">Names of folders, then that of the file.</param>
    /// <returns>The file, which the caller owns; null if a step is a link, no folder, not there, or may not be read.</returns>
    public static SafeFileHandle? Open(string folder, IReadOnlyList<string> steps)
    {
        var platform = Current!.Value;
        // What is not a plain file, such as a pipe, would be waited for without the last flag.
        var (inner, last) = (platform.CloseOnExec | platform.Directory | platform.NoFollow, platform.CloseOnExec | platform.NoFollow | platform.NoWait);
        var at = Open(platform.Here, Path.GetFullPath(folder), platform.CloseOnExec | platform.Directory);
        for (var i = 0; i < steps.Count && at >= 0; i++)
        {
            using var parent = new SafeFileHandle(at, ownsHandle: true);
            at = Open(at, steps[i], i < steps.Count - 1 ? inner : last);
        }

        return at < 0 ? null : new SafeFileHandle(at, ownsHandle: true);
    }

    private static int Open(int folder, string name, int flags)
    {
        int handle;
        do handle = OpenAt(folder, name, flags);
        while (handle < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return handle;
    }

    private static Platform? PlatformOf()
    {
        var architecture = RuntimeInformation.ProcessArchitecture;
        if (OperatingSystem.IsMacOS()) return new(-2, 0x100000, 0x100, 0x1000000, 0x4);
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsAndroid()) return null;
        return architecture switch
        {
            Architecture.X64 or Architecture.X86 => new(-100, 0x10000, 0x20000, 0x80000, 0x800),
            Architecture.Arm64 or Architecture.Arm => new(-100, 0x4000, 0x8000, 0x80000, 0x800),
            _ => null,
        };
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string name, int flags);

    /// <summary>The numbers of one platform's flags, and of the folder that a path without a beginning is relative to.</summary>
    private readonly record struct Platform(int Here, int Directory, int NoFollow, int CloseOnExec, int NoWait);
}
