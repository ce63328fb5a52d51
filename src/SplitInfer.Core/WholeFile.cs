namespace SplitInfer;

/// <summary>Files that are read and written whole.</summary>
internal static class WholeFile
{
    /// <summary>How names of files that are being written end.</summary>
    public const string Unfinished = ".new";

    /// <summary>Opens a plain file to read it; null where it is empty or no plain file: opening a pipe could wait for ever, and a device never ends.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileStream? TryOpen(string path)
    {
        // What is no plain file has no length.
        FileSystemInfo file = new FileInfo(path);
        if (file.LinkTarget is not null) file = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        if (file is FileInfo { Exists: true, Length: 0 }) return null;
        var opened = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        if (opened is { CanSeek: true, Length: > 0 }) return opened;
        opened.Dispose();
        return null;
    }

    /// <summary>Reads a plain file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The most bytes that memory is taken for.</param>
    /// <param name="refusal">Makes what is thrown, of what is wrong with the file in words.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] Read(string path, int most, Func<string, Exception> refusal)
    {
        using var file = TryOpen(path) ?? throw refusal("it is empty, or not a plain file");
        var length = file.Length;
        if (length > most) throw refusal($"it has {length} bytes, over the {most} allowed");
        var bytes = new byte[length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Writes a file to the disk. Whatever has its name, such as a link that leads elsewhere, is replaced once the file is complete; what cannot be finished is removed.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> bytes) => Place(path, bytes, overwrite: true);

    /// <summary>Writes a file likewise, but never in place of another.</summary>
    /// <exception cref="IOException">It cannot be written, or there is one of that name.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static void Create(string path, ReadOnlySpan<byte> bytes) => Place(path, bytes, overwrite: false);

    /// <summary>A name for what is not finished, other than every other one: processes in different containers may share a folder and have the same number.</summary>
    public static string UnfinishedName(string path) => $"{path}.{Path.GetRandomFileName()}{Unfinished}";

    /// <summary>Writes a file that is not there yet, to the disk. What cannot be finished is removed.</summary>
    /// <exception cref="IOException">It cannot be written, or there is one of that name.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static void WriteNew(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1);
        try
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    private static void Place(string path, ReadOnlySpan<byte> bytes, bool overwrite)
    {
        var unfinished = UnfinishedName(path);
        WriteNew(unfinished, bytes);
        try
        {
            File.Move(unfinished, path, overwrite);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }
}
