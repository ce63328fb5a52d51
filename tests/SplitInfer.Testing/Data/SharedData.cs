namespace SplitInfer.Testing;

/// <summary>Finds models and data that are not part of the repository.</summary>
public static class SharedData
{
    /// <summary>Debian's package <c>libonnx-testdata</c>: operator models with inputs and outputs.</summary>
    public const string OnnxTestData = "/usr/share/libonnx-testdata/data";

    private const string Variable = "SPLITINFER_SHARED";

    /// <summary>The folder, or null where there is none: <c>SPLITINFER_SHARED</c>, else a folder <c>shared</c> with models in it beside any folder above the tests.</summary>
    public static string? Root { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : FindUpwards();

    /// <summary>Why tests that need the folder are skipped; null where it is there.</summary>
    public static string? Missing { get; } = Directory.Exists(Root) ? null : $"No folder 'shared' was found beside the repository; set {Variable} to it.";

    /// <summary>Path of a model, such as <c>squeezenet_fp32.onnx</c> or <c>light/light_resnet50.onnx</c>.</summary>
    public static string Model(string name) => Path.Combine(Existing, "models", name);

    /// <summary>Path of a data file, such as <c>imagenet200_nhwc_u8.npy</c>.</summary>
    public static string Data(string name) => Path.Combine(Existing, "data", name);

    /// <summary>Path of a model that showed a fault, such as <c>odd/wide_3000.onnx</c>.</summary>
    public static string Case(string name) => Path.Combine(Existing, "cases", "models", name);

    private static string Existing => Missing is null ? Root! : throw new InvalidOperationException(Missing);

    private static string? FindUpwards()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "models"))) return candidate;
        }

        return null;
    }
}
