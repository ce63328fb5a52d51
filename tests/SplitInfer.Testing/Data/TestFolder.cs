namespace SplitInfer.Testing;

/// <summary>A folder of a test's own, removed when the test ends.</summary>
public sealed class TestFolder : IDisposable
{
    /// <summary>Path of the folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("splitinfer-").FullName;

    /// <summary>Path of a file in the folder; folders on the way are made.</summary>
    public string this[string name]
    {
        get
        {
            var file = System.IO.Path.Combine(Path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            return file;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
