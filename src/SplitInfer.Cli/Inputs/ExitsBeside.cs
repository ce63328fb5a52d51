using SplitInfer.Exits;
using SplitInfer.Partitioning;

namespace SplitInfer.Cli.Inputs;

/// <summary>The exits that lie beside a model file which a server is given by its name, as <c>exits.json</c> as in a model directory.</summary>
internal static class ExitsBeside
{
    private const string FileName = "exits.json";

    /// <summary>Reads them.</summary>
    /// <param name="model">The model, planned.</param>
    /// <param name="path">Its file.</param>
    /// <param name="complain">Told why exits that are there are not used.</param>
    /// <returns>The exits; null where there are none that can be used.</returns>
    public static ModelExits? Read(PartitionedModel model, string path, Action<string> complain)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            string[] others = [.. Directory.EnumerateFiles(folder, $"*.{FileName}").Select(static other => Path.GetFileName(other)).Order(StringComparer.Ordinal)];
            // In a folder of several models, others may be of any of them.
            var found = Array.Find(others, other => other == $"{Path.GetFileNameWithoutExtension(path)}.{FileName}") ?? (Directory.GetFiles(folder, "*.onnx").Length == 1 ? others.FirstOrDefault() : null);
            if (found is not null) complain($"{path} is served without exits: '{Path.Combine(folder, found)}' is beside it, and a server takes {FileName}. Rename it, or copy it to '{file}'.");
            return null;
        }

        try
        {
            var exits = ExitsFile.Load(file);
            exits.RequireFor(model.Plan);
            return exits;
        }
        catch (InvalidExitsException error)
        {
            complain($"{path} is served without exits: {error.Message}");
            return null;
        }
    }
}
