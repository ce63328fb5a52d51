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

    /// <summary>The steps of a location from the folder to the file.</summary>
    /// <exception cref="ModelFormatException">It leads out of the folder.</exception>
    public static string[] StepsOf(string location, Func<string, string, ModelFormatException> error)
    {
        // Client and server may run on different systems, so what is special on any of them is refused on all.
        if (location.Length == 0 || location.AsSpan().ContainsAny("\\:\0") || location[0] == '/')
            throw error($"has the location '{location}', which is not a relative path", Advice);
        var steps = location.Split('/');
        if (steps.Any(static step => step is "" or "..")) throw error($"has the location '{location}', which leads out of the folder", Advice);
        return [.. steps.Where(static step => step != ".")];
    }

    /// <summary>Opens the file at <paramref name="location"/> to read it; null if it is empty. Arguments are those of <see cref="LengthOf"/>.</summary>
    public static FileStream? Open(string folder, string location, Func<string, string, ModelFormatException> error)
    {
        var file = Follow(folder, location, error);
        // What is not a plain file, such as a pipe, has no length; opening one could wait for ever.
        if (file.Length == 0) return null;
        var stream = LinkFreeFile.IsSupported ? OpenLinkFree(folder, location, error) : new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            // Where the platform cannot refuse links, one that took the file's place before it was opened is seen now.
            if (!LinkFreeFile.IsSupported) Follow(folder, location, error);
            return stream.CanSeek ? stream : throw error($"has the location '{location}', which is not a plain file", Advice);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static FileStream OpenLinkFree(string folder, string location, Func<string, string, ModelFormatException> error)
    {
        var handle = LinkFreeFile.Open(folder, StepsOf(location, error)) ?? throw error($"has the location '{location}', which cannot be opened without following a link, or not at all", "Let the process read the file, and change nothing in the folder while the model is loaded.");
        try
        {
            return new(handle, FileAccess.Read, bufferSize: 0);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static FileInfo Follow(string folder, string location, Func<string, string, ModelFormatException> error)
    {
        var path = folder;
        foreach (var step in StepsOf(location, error))
        {
            path = Path.Combine(path, step);
            if (new FileInfo(path).LinkTarget is not null) throw error($"has the location '{location}', which follows a link", Advice);
        }

        var file = new FileInfo(path);
        return file.Exists ? file : throw error($"has the location '{location}', where there is no file", "Put the external data beside the model.");
    }
}
