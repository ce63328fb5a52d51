namespace SplitInfer.Cli.Output;

/// <summary>A page for a browser. An earlier one is replaced once the new one is complete.</summary>
internal static class PageFile
{
    /// <summary>Draws a page into a file.</summary>
    public static void Write(string path, Action<TextWriter> draw)
    {
        // A link is written through, and a pipe or a device, which have no length, is not replaced.
        if (new FileInfo(path) is { LinkTarget: not null } or { Exists: true, Length: 0 })
        {
            using var there = new StreamWriter(path);
            draw(there);
            return;
        }

        var unfinished = $"{path}.{Path.GetRandomFileName()}.new";
        try
        {
            using (var file = new StreamWriter(new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None))) draw(file);
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }
}
