using System.Collections.Immutable;
using System.Security.Cryptography;
using SplitInfer.Families;

namespace SplitInfer.Tailoring.Families;

/// <summary>
/// The folder that a family is written to. It is made before the work, so that what cannot be written is known at once, and removed again if nothing is written. Models never
/// take the place of others, and <c>family.json</c> comes last: until then, and if it never comes, an earlier family is there as it was.
/// </summary>
internal sealed class FamilyFolder : IDisposable
{
    private const int ShortDigits = 8;

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
        var trial = WholeFile.UnfinishedName(PathOf(FamilyFile.Name));
        WholeFile.WriteNew(trial, []);
        File.Delete(trial);
    }

    /// <summary>Writes all models, then what names them, and removes those of an earlier family that are not named any more.</summary>
    /// <param name="family">The family.</param>
    /// <param name="models">Its models by the files that it names. One whose name another file has gets some digits of its fingerprint.</param>
    /// <returns>The family with the names that its files have.</returns>
    public ModelFamily Write(ModelFamily family, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> models)
    {
        var earlier = Earlier();
        var added = new List<string>();
        try
        {
            family = family with { Variants = [.. family.Variants.Select(variant => variant with { File = Place(variant, models[variant.File].Span, added) })] };
            FamilyFile.Save(PathOf(FamilyFile.Name), family);
        }
        catch
        {
            foreach (var file in added) File.Delete(PathOf(file));
            throw;
        }

        _isWritten = true;
        // The model itself may be of the earlier family, and is not this one's to remove.
        foreach (var variant in earlier.Where(variant => variant.Fingerprint != family.Fingerprint))
            if (family.Variants.All(kept => !kept.File.Equals(variant.File, StringComparison.OrdinalIgnoreCase))) Remove(variant);
        return family;
    }

    public void Dispose()
    {
        if (_isOwn && !_isWritten && Directory.Exists(_path) && !Directory.EnumerateFileSystemEntries(_path).Any()) Directory.Delete(_path);
    }

    private string PathOf(string file) => Path.Combine(_path, file);

    private ImmutableArray<FamilyVariant> Earlier()
    {
        try
        {
            return FamilyFile.Load(PathOf(FamilyFile.Name)).Variants;
        }
        catch (Exception none) when (none is InvalidFamilyException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private string Place(FamilyVariant variant, ReadOnlySpan<byte> bytes, List<string> added)
    {
        var (stem, digest, digits) = (Path.GetFileNameWithoutExtension(variant.File), SHA256.HashData(bytes), variant.Fingerprint.ToString());
        string[] names = [variant.File, $"{stem}.{digits[..ShortDigits]}.onnx", $"{stem}.{digits}.onnx", $"{stem}.{Path.GetRandomFileName()}.onnx"];
        foreach (var name in names)
        {
            if (Is(name, bytes.Length, digest)) return name;
            if (new FileInfo(PathOf(name)).LinkTarget is not null || Path.Exists(PathOf(name))) continue;
            WholeFile.Create(PathOf(name), bytes);
            added.Add(name);
            return name;
        }

        throw new IOException($"There is no free name for '{variant.File}' in '{_path}'.");
    }

    /// <summary>Removes a model, but nothing else that has got its name since.</summary>
    private void Remove(FamilyVariant variant)
    {
        try
        {
            if (Is(variant.File, variant.Bytes, variant.Fingerprint.Bytes)) File.Delete(PathOf(variant.File));
        }
        catch (Exception used) when (used is IOException or UnauthorizedAccessException)
        {
            // Such as one that a process runs, where files in use cannot be removed: the family is written all the same.
        }
    }

    private bool Is(string name, long bytes, ReadOnlySpan<byte> digest)
    {
        var file = new FileInfo(PathOf(name));
        if (!file.Exists || file.LinkTarget is not null || file.Length != bytes) return false;
        using var content = file.OpenRead();
        return SHA256.HashData(content).AsSpan().SequenceEqual(digest);
    }
}
