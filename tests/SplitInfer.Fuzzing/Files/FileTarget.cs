using SplitInfer.Testing;

namespace SplitInfer.Fuzzing.Files;

/// <summary>A target that reads a file.</summary>
internal abstract class FileTarget(string fileName) : FuzzTarget
{
    private readonly TestFolder _folder = new();

    public override string Take(byte[] input)
    {
        var path = _folder[fileName];
        File.WriteAllBytes(path, input);
        return Read(path);
    }

    protected override void Release() => _folder.Dispose();

    /// <summary>Reads the file.</summary>
    protected abstract string Read(string path);

    /// <summary>A valid file, made by writing one.</summary>
    protected static byte[] Written(Action<string> write, string fileName)
    {
        using var folder = new TestFolder();
        write(folder[fileName]);
        return File.ReadAllBytes(folder[fileName]);
    }
}
