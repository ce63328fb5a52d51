using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Soak.Load;

/// <summary>The models that are asked for: several inputs and outputs, symbolic sizes, many small nodes and few large ones.</summary>
internal static class SoakModels
{
    public static IReadOnlyList<string> Names { get; } = ["detector", "unet", "lstm_tagger"];

    /// <summary>Writes a repository of them.</summary>
    public static void Save(TestFolder folder)
    {
        foreach (var name in Names) NetworkCatalog.All[name]().Save(folder[$"{name}/1/model.onnx"]);
    }

    /// <summary>Where one of them lies.</summary>
    public static string PathOf(string models, string name) => Path.Combine(models, name, "1", "model.onnx");
}
