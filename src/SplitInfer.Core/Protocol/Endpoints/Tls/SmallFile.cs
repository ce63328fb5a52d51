namespace SplitInfer.Protocol.Endpoints.Tls;

/// <summary>Reads files of certificates and keys, which are small. Links are followed, since secrets are often mounted as links.</summary>
internal static class SmallFile
{
    private const long MaxBytes = 4 << 20;

    /// <summary>Checks that a file is a plain one that is not too large: a pipe would be waited for without end, and a device has none.</summary>
    /// <exception cref="IOException">It is not, is empty or cannot be read.</exception>
    public static void Require(string path)
    {
        var file = (File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo) ?? new FileInfo(path);
        // What is no plain file has no length.
        if (file.Exists && file.Length is 0 or > MaxBytes) throw new IOException($"'{path}' is empty, larger than {MaxBytes >> 20} MiB, or no plain file.");
    }

    /// <summary>Its bytes.</summary>
    /// <exception cref="IOException">It is no plain file, is empty, too large or cannot be read.</exception>
    public static byte[] Read(string path)
    {
        Require(path);
        return File.ReadAllBytes(path);
    }
}
