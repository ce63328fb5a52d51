namespace SplitInfer.Tensors;

/// <summary>Opens files that are to hold a tensor.</summary>
internal static class PlainFile
{
    /// <summary>Opens a file to read it.</summary>
    /// <exception cref="InvalidTensorException">It is empty, or no plain file: opening a pipe could wait for ever, and a device never ends.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileStream Open(string path) => WholeFile.TryOpen(path) ?? throw Refused(path);

    /// <summary>A file that was opened without waiting, which it closes where it does not suffice.</summary>
    /// <exception cref="InvalidTensorException">It is empty, or no plain file.</exception>
    public static FileStream Require(FileStream file, string path)
    {
        if (file is { CanSeek: true, Length: > 0 }) return file;
        file.Dispose();
        throw Refused(path);
    }

    private static InvalidTensorException Refused(string path) => new($"'{path}' holds no tensor: it is empty, or not a plain file. Save the tensor again.");
}
