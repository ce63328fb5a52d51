namespace SplitInfer.Testing;

/// <summary>The source tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds the solution, found upwards from the running tests.</summary>
    public static string Root { get; } = Find();

    /// <summary>Path of a file or folder, given relative to the root with forward slashes.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "SplitInfer.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds SplitInfer.sln; run the tests from a build inside the source tree.");
    }
}
