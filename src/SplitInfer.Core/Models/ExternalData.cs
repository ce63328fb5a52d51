using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// The files beside a model that hold its weights. A model is only followed to plain files inside its own folder: no absolute
/// paths, no <c>..</c>, no links, nothing beyond the end of a file. Each file is read once, into a private copy, and it is the bytes of the copy
/// that are measured and digested. Small constants are taken into the model, since shapes and axes may be among them, which the engine looks at when
/// it infers.
/// </summary>
internal sealed class ExternalData
{
    /// <summary>The most bytes of a constant that is taken into the model.</summary>
    private const int MaxInlineBytes = 64 << 10;

    /// <summary>Limit for the bytes of all of them; further ones remain external.</summary>
    private const long MaxInlineTotal = 64 << 20;

    private readonly Dictionary<string, byte[]> _digests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ExternalPart>> _parts = new(StringComparer.Ordinal);

    private ExternalData() { }

    /// <summary>That of a model without any, or of which it is not looked for.</summary>
    public static ExternalData None { get; } = new();

    /// <summary>The files, relative to the folder, in ordinal order.</summary>
    public ImmutableArray<string> Files { get; private set; } = [];

    /// <summary>The copy of the files; null if there are none, or if all of them were taken into the model.</summary>
    public ExternalCopy? Copy { get; private set; }

    /// <summary>Finds the external data of a model, checks that every tensor's part is there, and takes small constants into the model.</summary>
    /// <exception cref="ModelFormatException">A part is not there, lies where it must not, or can neither be copied nor be held in memory.</exception>
    public static ExternalData Find(ModelProto model, string? folder, string source, ModelLimits limits)
    {
        var data = new ExternalData();
        Int128 total = 0;
        foreach (var tensor in TensorWalk.Tensors(model).Where(static t => t.DataLocation == TensorProto.Types.DataLocation.External))
        {
            var part = ExternalPart.Of(tensor, source);
            if (folder is null) throw part.Error($"lies in '{part.Location}', but the model was given without a folder", "Load the model from its file, or give the folder that holds its external data.");
            if (!data._parts.TryGetValue(part.Location, out var ofFile))
            {
                data._parts.Add(part.Location, ofFile = []);
                total += ExternalPath.LengthOf(folder, part.Location, part.Error);
            }

            ofFile.Add(part);
        }

        if (total > limits.MaxExternalBytes)
            throw new ModelFormatException(source, $"its external data takes {total} bytes, over the {limits.MaxExternalBytes} allowed", $"Raise {nameof(ModelLimits)}.{nameof(ModelLimits.MaxExternalBytes)}.");
        data.Files = [.. data._parts.Keys.Order(StringComparer.Ordinal)];
        if (data.Files.IsEmpty) return data;
        try
        {
            data.CopyFrom(folder!, limits);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A read-only root file system, or a disk that is full.
            var needed = total + model.CalculateSize();
            if (needed > StandaloneFile.MaxBytes)
                throw new ModelFormatException(source, $"its {total} bytes of external data cannot be copied to the folder for temporary files, {Path.GetTempPath()}", $"Make room there, or name another folder in the environment variable TMPDIR (TMP on Windows). {error.Message}", inner: error);
            data.TakeIn(folder!);
        }

        return data;
    }

    /// <summary>The fingerprint of a model whose file has the given SHA-256 digest.</summary>
    public Fingerprint Fingerprint(ReadOnlySpan<byte> fileDigest)
    {
        if (Files.IsEmpty) return new(fileDigest);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(fileDigest);
        foreach (var file in Files)
        {
            hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(file)));
            hash.AppendData(_digests[file]);
        }

        return new(hash.GetHashAndReset());
    }

    private void CopyFrom(string folder, ModelLimits limits)
    {
        var (room, left) = (MaxInlineTotal, limits.MaxExternalBytes);
        var copy = ExternalCopy.Create();
        try
        {
            foreach (var file in Files)
            {
                var first = _parts[file][0];
                using var stream = ExternalPath.Open(folder, file, first.Error);
                using var copied = Add(file, stream);
                left -= copied.Length;
                foreach (var part in _parts[file])
                {
                    var bytes = part.CheckWithin(copied.Length);
                    if (bytes <= Math.Min(MaxInlineBytes, room) && part.TryTakeIn(copied, (int)bytes)) room -= bytes;
                }
            }
        }
        catch
        {
            copy.Dispose();
            throw;
        }

        Copy = copy;

        FileStream Add(string file, FileStream? stream)
        {
            var first = _parts[file][0];
            try
            {
                var copied = copy.Add(ExternalPath.StepsOf(file, first.Error), stream, left, out var digest);
                _digests[file] = digest;
                return copied;
            }
            catch (InvalidDataException error)
            {
                throw first.Error($"in '{file}' {error.Message}", $"Raise {nameof(ModelLimits)}.{nameof(ModelLimits.MaxExternalBytes)}, or load the model when the file is complete.");
            }
        }
    }

    private void TakeIn(string folder)
    {
        foreach (var file in Files)
        {
            using var stream = ExternalPath.Open(folder, file, _parts[file][0].Error);
            var bytes = stream is null ? default : ModelStream.ReadToEnd(stream, static _ => { });
            _digests[file] = SHA256.HashData(bytes.Span);
            foreach (var part in _parts[file])
            {
                // What the first try has taken in states no location any more.
                if (part.Tensor.DataLocation != TensorProto.Types.DataLocation.External) continue;
                var needed = part.CheckWithin(bytes.Length);
                part.TakeIn(bytes.Span.Slice((int)part.Offset, (int)(part.Length ?? needed)));
            }
        }
    }
}
