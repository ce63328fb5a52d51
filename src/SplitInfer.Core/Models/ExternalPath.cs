namespace SplitInfer.Models;

/// <summary>Follows the location that a model states for external data.</summary>
internal static class ExternalPath
{
    private const string Advice = "External data must be a plain file inside the folder of the model; export the model again with a relative location.";

    /// <summary>The length of the file at <paramref name="location"/>, in bytes.</summary>
    /// <param name="folder">The folder of the model, which the caller trusts.</param>
    /// <param name="location">What the model states; may be anything.</param>
    /// <param name="error">Makes an error from a problem and an advice.</param>
    public static long LengthOf(string folder, string location, Func<string, string, ModelFormatException> error) =>
        Follow(folder, location, error).Length;

    /// <summary>Opens the file at <paramref name="location"/> to read it; null if it is empty. Arguments are those of <see cref="LengthOf"/>.</summary>
    public static FileStream? Open(string folder, string location, Func<string, string, ModelFormatException> error)
    {
        var file = Follow(folder, location, error);
        // What is not a plain file, such as a pipe, has no length; opening one could wait for ever.
        if (file.Length == 0) return null;
        var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            // A link that took the file's place before it was opened is seen now, unless it was taken away again meanwhile.
            Follow(folder, location, error);
            return stream.CanSeek ? stream : throw error($"has the location '{location}', which is not a plain file", Advice);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static FileInfo Follow(string folder, string location, Func<string, string, ModelFormatException> error)
    {
        // Client and server may run on different systems, so what is special on any of them is refused on all.
        if (location.Length == 0 || location.AsSpan().ContainsAny("\\:\0") || location[0] == '/')
            throw error($"has the location '{location}', which is not a relative path", Advice);
        var path = folder;
        foreach (var step in location.Split('/'))
        {
            if (step is "" or "..") throw error($"has the location '{location}', which leads out of the folder", Advice);
            if (step == ".") continue;
            path = Path.Combine(path, step);
            if (new FileInfo(path).LinkTarget is not null) throw error($"has the location '{location}', which follows a link", Advice);
        }

        var file = new FileInfo(path);
        return file.Exists ? file : throw error($"has the location '{location}', where there is no file", "Put the external data beside the model.");
    }
}
