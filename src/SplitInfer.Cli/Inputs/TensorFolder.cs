using System.Collections.Immutable;
using System.Globalization;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Inputs;

/// <summary>
/// Tensors for a model's inputs or outputs in a folder: <c>input_0.pb</c>, <c>output_0.pb</c> and so on, matched by the names that the
/// files give, else by their numbers; or <c>NAME.npy</c>, where characters that no file name has are written as <c>_</c>.
/// </summary>
internal static class TensorFolder
{
    /// <summary>Reads what the folder has for <paramref name="values"/>; the caller owns the tensors.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind"><c>input</c> or <c>output</c>: the start of the names of numbered files.</param>
    /// <param name="values">What the model takes or yields, in order.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidTensorException">A file holds no whole tensor.</exception>
    public static Dictionary<string, Tensor> Read(string folder, string kind, ImmutableArray<TensorSpec> values)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, $"{kind}_*.pb").Order(StringComparer.Ordinal))
        {
            var tensor = TensorFile.Read(path, out var name);
            if (!values.Any(v => v.Name == name)) name = NameByNumber(path, kind, values);
            tensors[name] = tensor;
        }

        foreach (var value in values)
            if (Path.Combine(folder, FileNameOf(value.Name)) is var path && File.Exists(path))
                tensors[value.Name] = TensorFile.Read(path, out _);
        return tensors;
    }

    private static string NameByNumber(string path, string kind, ImmutableArray<TensorSpec> values)
    {
        var number = Path.GetFileNameWithoutExtension(path)[(kind.Length + 1)..];
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < values.Length
            ? values[index].Name
            : throw new UsageException($"'{path}' belongs to none of the model's {kind}s: {string.Join(", ", values)}.");
    }

    private static string FileNameOf(string value) =>
        string.Join('_', value.Split([.. Path.GetInvalidFileNameChars(), ':', '\\'])) + ".npy";
}
