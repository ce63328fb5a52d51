using System.IO.Enumeration;

namespace SplitInfer.Cli.Inputs;

/// <summary>Finds the models that files and folders on the command line mean, and the inputs that lie beside them.</summary>
internal static class ModelSearch
{
    private const string Extension = ".onnx";
    private const string UsualName = "model";

    // As ONNX lays out the models of its operators and of its zoo, then as people do.
    private static readonly string[] FoldersBeside = ["test_data_set_0", "inputs"];

    /// <summary>The models, those of a folder in the order of their paths.</summary>
    /// <param name="arguments">Files, which need not exist, and folders.</param>
    /// <param name="inputs">Folder of inputs for all of them; null takes what lies beside each.</param>
    /// <exception cref="FileNotFoundException">A folder has no model.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be read.</exception>
    public static FoundModel[] Find(IEnumerable<string> arguments, string? inputs) =>
        [.. arguments.SelectMany(argument => Directory.Exists(argument) ? Below(argument, inputs) : [new(argument, inputs ?? Beside(argument), IsNamed: true)])];

    /// <summary>
    /// The inputs beside a model: <c>inputs-NAME</c> for <c>NAME.onnx</c>; for <c>model.onnx</c> and for the only model of a folder also
    /// <c>test_data_set_0</c> or <c>inputs</c>. Null where there are none.
    /// </summary>
    public static string? Beside(string model)
    {
        var (folder, name) = (Path.GetDirectoryName(model) ?? "", Path.GetFileNameWithoutExtension(model));
        if (Path.Combine(folder, $"inputs-{name}") is var own && Directory.Exists(own)) return own;
        return FoldersBeside.Select(beside => Path.Combine(folder, beside)).FirstOrDefault(Directory.Exists) is { } found && (name == UsualName || IsAlone(model)) ? found : null;
    }

    private static bool IsAlone(string model) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(model))!).Where(static file => IsModel(file)).Take(2).Count() == 1;

    private static IEnumerable<FoundModel> Below(string folder, string? inputs)
    {
        // A link to a folder may lead back to where it lies, and what it leads to has a place of its own.
        var files = new FileSystemEnumerable<string>(folder, static (ref entry) => entry.ToSpecifiedFullPath(), new() { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = 0 })
        {
            ShouldIncludePredicate = static (ref entry) => !entry.IsDirectory && IsModel(entry.FileName),
            ShouldRecursePredicate = static (ref entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        string[] found = [.. files.Order(StringComparer.Ordinal)];
        return found.Length > 0
            ? found.Select(path => new FoundModel(path, inputs ?? Beside(path), IsNamed: false))
            : throw new FileNotFoundException($"There is no {Extension} file in the folder '{folder}' or below it. Name a folder of models, or a model itself.", folder);
    }

    private static bool IsModel(ReadOnlySpan<char> file) => Path.GetExtension(file).Equals(Extension, StringComparison.OrdinalIgnoreCase);
}
