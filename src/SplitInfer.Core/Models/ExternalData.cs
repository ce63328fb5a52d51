using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>
/// The files beside a model that hold its weights. A model is only followed to plain files inside its own folder: no absolute
/// paths, no <c>..</c>, no links, nothing beyond the end of a file. Small constants are taken into the model, since shapes and axes may
/// be among them, which the engine looks at when it infers.
/// </summary>
internal sealed class ExternalData
{
    /// <summary>The most bytes of a constant that is taken into the model.</summary>
    private const int MaxInlineBytes = 64 << 10;

    /// <summary>Limit for the bytes of all of them; further ones remain external.</summary>
    private const long MaxInlineTotal = 64 << 20;

    private readonly Dictionary<string, byte[]> _digests = new(StringComparer.Ordinal);

    private ExternalData(IEnumerable<string> files) => Files = [.. files.Order(StringComparer.Ordinal)];

    /// <summary>The files, relative to the folder, in ordinal order.</summary>
    public ImmutableArray<string> Files { get; }

    /// <summary>Finds the external data of a model, checks that every tensor's part is there, and takes small constants into the model.</summary>
    /// <exception cref="ModelFormatException">A part is not there, or lies where it must not.</exception>
    public static ExternalData Find(ModelProto model, string? folder, string source, ModelLimits limits)
    {
        var parts = new Dictionary<string, List<ExternalPart>>(StringComparer.Ordinal);
        Int128 total = 0;
        foreach (var tensor in TensorWalk.Tensors(model).Where(static t => t.DataLocation == TensorProto.Types.DataLocation.External))
        {
            var part = ExternalPart.Of(tensor, source);
            if (folder is null) throw part.Error($"lies in '{part.Location}', but the model was given without a folder", "Load the model from its file, or give the folder that holds its external data.");
            if (!parts.TryGetValue(part.Location, out var ofFile))
            {
                parts.Add(part.Location, ofFile = []);
                total += ExternalPath.LengthOf(folder, part.Location, part.Error);
            }

            ofFile.Add(part);
        }

        if (total > limits.MaxExternalBytes)
            throw new ModelFormatException(source, $"its external data takes {total} bytes, over the {limits.MaxExternalBytes} allowed", $"Raise {nameof(ModelLimits)}.{nameof(ModelLimits.MaxExternalBytes)}.");
        var data = new ExternalData(parts.Keys);
        data.Read(folder!, parts);
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

    private void Read(string folder, Dictionary<string, List<ExternalPart>> parts)
    {
        var room = MaxInlineTotal;
        foreach (var file in Files)
        {
            // What holds is checked on the file that is open: the same bytes are measured, taken in and digested.
            using var stream = ExternalPath.Open(folder, file, parts[file][0].Error);
            foreach (var part in parts[file])
            {
                var bytes = part.CheckWithin(stream?.Length ?? 0);
                if (stream is null || bytes > Math.Min(MaxInlineBytes, room) || !part.TryTakeIn(stream, (int)bytes)) continue;
                room -= bytes;
            }

            if (stream is not null) stream.Position = 0;
            _digests.Add(file, stream is null ? SHA256.HashData([]) : SHA256.HashData(stream));
        }
    }
}
