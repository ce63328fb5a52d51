using SplitInfer.Families;

namespace SplitInfer.Tailoring.Families;

/// <summary>The folder that a family is written to. It is made before the work, so that what cannot be written is known at once, and removed again if nothing is written.</summary>
internal sealed class FamilyFolder : IDisposable
{
    private const string Unfinished = ".new";

    private readonly string _path;
    private readonly bool _isOwn;
    private bool _isWritten;

    /// <summary>Makes the folder unless it is there, and tries to write to it.</summary>
    /// <exception cref="IOException">It cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public FamilyFolder(string path)
    {
        (_path, _isOwn) = (path, !Directory.Exists(path));
        Directory.CreateDirectory(path);
        var trial = Path.Combine(path, FamilyFile.Name + Unfinished);
        File.WriteAllBytes(trial, []);
        File.Delete(trial);
    }

    /// <summary>Writes all models, and what names them last.</summary>
    public void Write(ModelFamily family, IEnumerable<(string File, ReadOnlyMemory<byte> Bytes)> models)
    {
        _isWritten = true;
        var files = new List<string>();
        foreach (var (file, bytes) in models)
        {
            files.Add(Path.Combine(_path, file));
            File.WriteAllBytes(files[^1] + Unfinished, bytes.Span);
        }

        foreach (var file in files) File.Move(file + Unfinished, file, overwrite: true);
        FamilyFile.Save(Path.Combine(_path, FamilyFile.Name), family);
    }

    public void Dispose()
    {
        if (_isOwn && !_isWritten && Directory.Exists(_path) && !Directory.EnumerateFileSystemEntries(_path).Any()) Directory.Delete(_path);
    }
}
