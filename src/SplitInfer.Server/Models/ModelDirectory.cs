using System.Buffers;

namespace SplitInfer.Server.Models;

/// <summary>Lists the model files of a repository, <c>&lt;name&gt;/&lt;version&gt;/model.onnx</c>, without following any link out of it.</summary>
internal static class ModelDirectory
{
    private const string FileName = "model.onnx";

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Every model file with its name and version, names in order, the latest version of each first.</summary>
    /// <param name="root">The directory.</param>
    /// <param name="refuse">Told of what is a link or has a name that cannot be served.</param>
    /// <param name="miss">Told of folders, and of models, that are not where they would be served.</param>
    /// <exception cref="ModelRepositoryException">The directory does not exist or cannot be read.</exception>
    public static IReadOnlyList<(string Name, string Version, string Path)> List(string root, Action<ModelRefusal> refuse, Action<ModelRefusal> miss)
    {
        var directory = new DirectoryInfo(string.IsNullOrWhiteSpace(root)
            ? throw new ModelRepositoryException("No model directory was given. Name one that holds <name>/<version>/model.onnx.")
            : root);
        if (!directory.Exists)
            throw new ModelRepositoryException($"The model directory '{root}' does not exist. Create it and put each model at <name>/<version>/{FileName}.");

        try
        {
            foreach (var stray in directory.EnumerateFiles("*.onnx").OrderBy(static f => f.Name, StringComparer.Ordinal)) Miss(stray, "is not where a model is looked for", Path.GetFileNameWithoutExtension(stray.Name));
            return [.. from model in Entries(directory, d => Accepts(d, d.Name, ""))
                       from version in Versions(model).OrderByDescending(static v => v.Name, VersionComparer.Order)
                       let file = new FileInfo(Path.Combine(version.FullName, FileName))
                       where Exists(file, model, version) && Accepts(file, model.Name, version.Name)
                       select (model.Name, version.Name, file.FullName)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelRepositoryException($"The model directory '{root}' cannot be read. Let the server's user read it and all folders in it. {error.Message}", error);
        }

        IReadOnlyList<DirectoryInfo> Versions(DirectoryInfo model)
        {
            DirectoryInfo[] versions = [.. Entries(model, d => Accepts(d, model.Name, d.Name))];
            if (versions.Length == 0) Miss(model, "has no version of a model", model.Name);
            return versions;
        }

        bool Exists(FileInfo file, DirectoryInfo model, DirectoryInfo version)
        {
            if (!file.Exists) miss(new(model.Name, version.Name, $"'{version.FullName}' has no {FileName}. Put the model there under that name, with its external data beside it."));
            return file.Exists;
        }

        void Miss(FileSystemInfo entry, string what, string model) =>
            miss(new(entry.Name, "", $"'{entry.FullName}' {what}. Put it at {Path.Combine(root, model, "1", FileName)}, where 1 is its version."));

        bool Accepts(FileSystemInfo entry, string name, string version)
        {
            if (ProblemOf(entry) is not { } problem) return true;
            refuse(new(name, version, problem));
            return false;
        }
    }

    private static IEnumerable<DirectoryInfo> Entries(DirectoryInfo directory, Func<DirectoryInfo, bool> accepts) => directory.EnumerateDirectories()
        .Where(static d => !d.Name.StartsWith('.'))
        .OrderBy(static d => d.Name, StringComparer.Ordinal)
        .Where(accepts);

    private static string? ProblemOf(FileSystemInfo entry) =>
        entry.LinkTarget is not null ? $"'{entry.FullName}' is a link. A server loads only what lies in its model directory: put the file itself there."
        : entry.Name.AsSpan().ContainsAnyExcept(NameCharacters) ? $"'{entry.FullName}' has a name that cannot be served. Use letters, digits, '.', '_' and '-'."
        : null;
}
