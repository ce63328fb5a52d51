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
    public static Dictionary<string, TensorValue> Read(string folder, string kind, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        var tensors = new Dictionary<string, TensorValue>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, $"{kind}_*.pb").Order(StringComparer.Ordinal))
        {
            var tensor = TensorFile.Read(path, out var name);
            tensors[values.Contains(name) ? name : NameByNumber(path, kind, values)] = tensor;
        }

        foreach (var value in values)
            if (Path.Combine(folder, FileNameOf(value)) is var path && File.Exists(path))
                tensors[value] = TensorFile.Read(path, out _);
        return tensors;
    }

    private static string NameByNumber(string path, string kind, IReadOnlyList<string> values)
    {
        var number = Path.GetFileNameWithoutExtension(path)[(kind.Length + 1)..];
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < values.Count
            ? values[index]
            : throw new TensorMismatchException($"'{path}' belongs to none of the model's {kind}s: {string.Join(", ", values)}. Rename the file or the tensor in it.");
    }

    private static string FileNameOf(string value) =>
        string.Join('_', value.Split([.. Path.GetInvalidFileNameChars(), ':', '\\'])) + ".npy";
}
