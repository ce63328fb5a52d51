using System.Globalization;
using System.Security.Cryptography;

namespace SplitInfer.Models;

/// <summary>
/// A private copy of a model's external data. Engines map such files into memory, also long after a model was read: whoever rewrote a file would
/// change the answers of a loaded model, and whoever cut it short would end the process. A copy on disk, and not one in memory, because the
/// mapped pages are shared by all segments, can be given back under pressure, and may be more than the 2 GiB of one message. It is removed
/// by whoever knows that no model uses it any more, else with the last one that does; what is mapped by then stays readable.
/// </summary>
internal sealed class ExternalCopy : IDisposable
{
    private const int BlockBytes = 1 << 20;

    private ExternalCopy(string folder) => Folder = folder;

    /// <summary>Removes the files.</summary>
    ~ExternalCopy() => CopyFolders.Remove(Folder);

    /// <summary>Removes the files. No segment can be loaded of the model afterwards; those that are stay.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        CopyFolders.Remove(Folder);
    }

    /// <summary>The folder, which has the files at the same relative places as that of the model.</summary>
    public string Folder { get; }

    /// <summary>A copy without any file yet.</summary>
    /// <exception cref="IOException">There is no folder for temporary files that can be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static ExternalCopy Create() => new(CopyFolders.Add());

    /// <summary>Copies a file.</summary>
    /// <param name="steps">Its place below the folder.</param>
    /// <param name="from">The file, from its beginning; null if it is empty.</param>
    /// <param name="maxBytes">The most bytes that it may have.</param>
    /// <param name="digest">SHA-256 of the bytes that were copied.</param>
    /// <returns>The copy, open to be read.</returns>
    /// <exception cref="IOException">The copy cannot be written, or the file read.</exception>
    /// <exception cref="InvalidDataException">It has more bytes, since it grew.</exception>
    public FileStream Add(IEnumerable<string> steps, Stream? from, long maxBytes, out byte[] digest)
    {
        var path = Path.Combine([Folder, .. steps]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Two locations may lead to one file.
        File.Delete(path);
        var to = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        try
        {
            digest = Copy(from ?? Stream.Null, to, maxBytes);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(to.SafeFileHandle, UnixFileMode.UserRead);
            return to;
        }
        catch
        {
            to.Dispose();
            throw;
        }
    }

    private static byte[] Copy(Stream from, FileStream to, long maxBytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockBytes];
        long length = 0;
        while (from.ReadAtLeast(block, block.Length, throwOnEndOfStream: false) is > 0 and var read)
        {
            var piece = block.AsSpan(0, read);
            if ((length += read) > maxBytes) throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"grew beyond {maxBytes} bytes while it was read"));
            hash.AppendData(piece);
            // A file with holes of any size takes no space on the disk, and its copy takes none either.
            if (piece.ContainsAnyExcept((byte)0)) to.Write(piece);
            else to.Position += read;
        }

        to.SetLength(length);
        return hash.GetHashAndReset();
    }
}
