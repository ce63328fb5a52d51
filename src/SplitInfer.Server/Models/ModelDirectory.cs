using System.Buffers;

namespace SplitInfer.Server.Models;

/// <summary>Lists the model files of a repository, <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c>, without following any link out of it.</summary>
internal static class ModelDirectory
{
    private const string FileName = "model.onnx";

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Every model file with its name and version, names in order, the latest version of each first.</summary>
    /// <exception cref="ModelRepositoryException">The directory does not exist, or something in it is a link or has a name that cannot be served.</exception>
    public static IReadOnlyList<(string Name, string Version, string Path)> List(string root)
    {
        var directory = new DirectoryInfo(string.IsNullOrWhiteSpace(root)
            ? throw new ModelRepositoryException("No model directory was given. Name one that holds <name>/<version>/model.onnx.")
            : root);
        if (!directory.Exists)
            throw new ModelRepositoryException($"The model directory '{root}' does not exist. Create it and put each model at <name>/<version>/{FileName}.");

        return [.. from model in Entries(directory)
                   from version in Entries(model).OrderByDescending(static v => v.Name, VersionComparer.Order)
                   let file = new FileInfo(Path.Combine(version.FullName, FileName))
                   where Exists(file)
                   select (model.Name, version.Name, file.FullName)];
    }

    private static IEnumerable<DirectoryInfo> Entries(DirectoryInfo directory) => directory.EnumerateDirectories()
        .Where(static d => !d.Name.StartsWith('.'))
        .Select(Checked)
        .OrderBy(static d => d.Name, StringComparer.Ordinal);

    private static bool Exists(FileInfo file) => file.Exists && Checked(file).Exists;

    private static T Checked<T>(T entry) where T : FileSystemInfo
    {
        if (entry.LinkTarget is not null)
            throw new ModelRepositoryException($"'{entry.FullName}' is a link. A server loads only what lies in its model directory: put the file itself there.");
        if (entry.Name.AsSpan().ContainsAnyExcept(NameCharacters))
            throw new ModelRepositoryException($"'{entry.FullName}' has a name that cannot be served. Use letters, digits, '.', '_' and '-'.");
        return entry;
    }
}
