using System.Globalization;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>
/// Tensors for a model's inputs or outputs in a folder: <c>input_0.pb</c>, <c>output_0.pb</c> and so on, assigned by the names in the
/// files, else by their numbers; or <c>NAME.npy</c>, in which characters that file names cannot contain are replaced by <c>_</c>.
/// </summary>
public static class TensorFolder
{
    /// <summary>Reads what the folder has for <paramref name="values"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind"><c>input</c> or <c>output</c>: the start of the names of numbered files.</param>
    /// <param name="values">Names of the model's inputs or outputs, in order.</param>
    /// <returns>Tensors by the names of the values; values without a file are omitted. The caller owns them.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidTensorException">A file does not contain a complete tensor.</exception>
    /// <exception cref="TensorMismatchException">A numbered file belongs to none of the values.</exception>
    public static Dictionary<string, TensorValue> Read(string folder, string kind, IReadOnlyList<string> values) => Read(folder, kind, values, long.MaxValue, followsLinks: true);

    /// <inheritdoc cref="Read(string, string, IReadOnlyList{string})"/>
    /// <param name="folder">The folder.</param>
    /// <param name="kind"><c>input</c> or <c>output</c>.</param>
    /// <param name="values">Names of the model's inputs or outputs, in order.</param>
    /// <param name="maxBytes">The most bytes that all files together may have; a file with holes of any size takes none on a disk.</param>
    /// <param name="followsLinks">Whether the folder and its files may be links.</param>
    internal static Dictionary<string, TensorValue> Read(string folder, string kind, IReadOnlyList<string> values, long maxBytes, bool followsLinks = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        var tensors = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        if (!followsLinks && new DirectoryInfo(folder).LinkTarget is not null) throw Linked(folder);
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder, $"{kind}_*.pb").Order(StringComparer.Ordinal))
            {
                var tensor = Take(path, out var name);
                if (values.Contains(name)) Add(name, tensor);
                else if (NumberOf(path, kind) is { } number && number < values.Count) Add(values[number], tensor);
                else throw Unnamed(path, tensor);
            }

            foreach (var value in values)
                if (Path.Combine(folder, FileNameOf(value)) is var path && File.Exists(path))
                    Add(value, Take(path, out _));
            return tensors;
        }
        catch
        {
            foreach (var tensor in tensors.Values) tensor.Dispose();
            throw;
        }

        void Add(string value, TensorValue tensor)
        {
            if (tensors.Remove(value, out var other)) other.Dispose();
            tensors.Add(value, tensor);
        }

        TensorMismatchException Unnamed(string path, TensorValue tensor)
        {
            tensor.Dispose();
            return new($"'{path}' belongs to none of the model's {kind}s: {string.Join(", ", values)}. Rename the file or the tensor in it.");
        }

        TensorValue Take(string path, out string name)
        {
            using var file = followsLinks ? PlainFile.Open(path) : OpenLinkFree(folder, path);
            var bytes = file.Length;
            if (bytes > maxBytes) throw new InvalidTensorException($"'{path}' takes {bytes} bytes, and {maxBytes} are left for the samples of the model. Give smaller samples, or raise PlanOptions.MaxMeasureBytes.");
            maxBytes -= bytes;
            return TensorFile.Read(file, path, out name);
        }
    }

    private static int? NumberOf(string path, string kind) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path)[(kind.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Opens a file of the folder, neither of which is a link.</summary>
    private static FileStream OpenLinkFree(string folder, string path)
    {
        var whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!LinkFreeFile.IsSupported || Path.GetDirectoryName(whole) is not { } parent)
        {
            var file = PlainFile.Open(path);
            // Looked at now, so that a link that took the file's place before it was opened is seen.
            if (new FileInfo(path).LinkTarget is null && new DirectoryInfo(folder).LinkTarget is null) return file;
            file.Dispose();
            throw Linked(path);
        }

        var handle = LinkFreeFile.Open(parent, [Path.GetFileName(whole), Path.GetFileName(path)]) ?? throw Linked(path);
        try
        {
            return PlainFile.Require(new(handle, FileAccess.Read, bufferSize: 1), path);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static InvalidTensorException Linked(string path) => new($"'{path}' is a link, or cannot be opened without following one. Put the files themselves there, where this account may read them.");

    private static string FileNameOf(string value) =>
        string.Join('_', value.Split([.. Path.GetInvalidFileNameChars(), ':', '\\'])) + ".npy";
}
