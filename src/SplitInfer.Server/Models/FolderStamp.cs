using System.Globalization;
using System.Text;

namespace SplitInfer.Server.Models;

/// <summary>What a folder looks like from outside, by which a change is seen without reading any file.</summary>
internal static class FolderStamp
{
    // A version has a model, its external data and a few samples. Of a larger folder only the first files are compared.
    private const int MostEntries = 10_000;

    // No link is followed when a model is read, so none is here.
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 4, IgnoreInaccessible = true };

    /// <summary>The names, sizes and times of all files in a folder.</summary>
    /// <exception cref="IOException">It cannot be read, or is being changed just now.</exception>
    public static string Of(string folder)
    {
        var stamp = new StringBuilder();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", Everything).Take(MostEntries).OrderBy(static file => file.FullName, StringComparer.Ordinal))
            stamp.Append(CultureInfo.InvariantCulture, $"{file.FullName}\n{(file.Exists ? file.Length : -1)} {file.LastWriteTimeUtc.Ticks} {file.CreationTimeUtc.Ticks}\n");
        return stamp.ToString();
    }
}
