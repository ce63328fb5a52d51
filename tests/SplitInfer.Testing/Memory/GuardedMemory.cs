using System.Runtime.InteropServices;

namespace SplitInfer.Testing.Memory;

/// <summary>
/// Memory that ends right before a page which must not be touched, or begins right behind one: a read or write out of bounds
/// ends the process instead of going unseen. Unix only; elsewhere the pages are not guarded.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3, None = 0, PrivateAnonymous = 0x22;
    private readonly byte* _start;
    private readonly nuint _length;
    private readonly nuint _page = (nuint)Environment.SystemPageSize;

    /// <summary>Maps room for up to <paramref name="capacity"/> bytes between two guards.</summary>
    public GuardedMemory(int capacity)
    {
        Capacity = (int)(((nuint)capacity + _page) / _page * _page);
        _length = (nuint)Capacity + 2 * _page;
        if (!IsGuarded)
        {
            _start = (byte*)NativeMemory.Alloc(_length);
            return;
        }

        _start = (byte*)Map(0, _length, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)_start == -1
            || Protect((nint)_start, _page, None) != 0
            || Protect((nint)(_start + _length - _page), _page, None) != 0)
            throw new InvalidOperationException("The pages could not be mapped.");
    }

    /// <summary>Whether touching a guard ends the process.</summary>
    public static bool IsGuarded => OperatingSystem.IsLinux();

    /// <summary>Bytes between the guards.</summary>
    public int Capacity { get; }

    /// <summary>The last <paramref name="count"/> bytes, a guard right behind them.</summary>
    public Span<byte> AtEnd(int count) => new(_start + _page + Capacity - checked((uint)count), count);

    /// <summary>The first <paramref name="count"/> bytes, a guard right before them.</summary>
    public Span<byte> AtStart(int count) => new(_start + _page, Math.Min(count, Capacity));

    public void Dispose()
    {
        if (IsGuarded) _ = Unmap((nint)_start, _length);
        else NativeMemory.Free(_start);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
