using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>
/// The files beside a model that hold its weights. A model is only followed to plain files inside its own folder: no absolute
/// paths, no <c>..</c>, no links, nothing beyond the end of a file.
/// </summary>
internal sealed class ExternalData
{
    private readonly string? _folder;

    private ExternalData(string? folder, IEnumerable<string> files) => (_folder, Files) = (folder, [.. files.Order(StringComparer.Ordinal)]);

    /// <summary>The files, relative to the folder, in ordinal order.</summary>
    public ImmutableArray<string> Files { get; }

    /// <summary>Finds the external data of a model and checks that every tensor's part is there.</summary>
    /// <exception cref="ModelFormatException">It is not, or lies where it must not.</exception>
    public static ExternalData Find(ModelProto model, string? folder, string source, ModelLimits limits)
    {
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var tensor in TensorWalk.Tensors(model).Where(static t => t.DataLocation == TensorProto.Types.DataLocation.External))
        {
            var part = Part.Of(tensor, source);
            if (folder is null) throw part.Error($"lies in '{part.Location}', but the model was given without a folder", "Load the model from its file, or give the folder that holds its external data.");
            if (!lengths.TryGetValue(part.Location, out var length))
                lengths.Add(part.Location, length = ExternalPath.LengthOf(folder, part.Location, part.Error));
            part.CheckWithin(length);
        }

        var total = lengths.Values.Aggregate((Int128)0, static (sum, length) => sum + length);
        if (total > limits.MaxExternalBytes)
            throw new ModelFormatException(source, $"its external data takes {total} bytes, over the {limits.MaxExternalBytes} allowed", $"Raise {nameof(ModelLimits)}.{nameof(ModelLimits.MaxExternalBytes)}.");
        return new(folder, lengths.Keys);
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
            hash.AppendData(Digest(Path.Combine(_folder!, file)));
        }

        return new(hash.GetHashAndReset());
    }

    private static byte[] Digest(string path)
    {
        // What is not a plain file, such as a pipe, has no length; opening one could wait for ever.
        if (new FileInfo(path).Length == 0) return SHA256.HashData([]);
        using var stream = File.OpenRead(path);
        return SHA256.HashData(stream);
    }

    /// <summary>Where one tensor's bytes lie.</summary>
    private readonly record struct Part(TensorProto Tensor, string Source, string Location, long Offset, long? Length)
    {
        public static Part Of(TensorProto tensor, string source)
        {
            var part = new Part(tensor, source, "", 0, null);
            foreach (var entry in tensor.ExternalData)
            {
                part = entry.Key switch
                {
                    "location" => part with { Location = entry.Value },
                    "offset" => part with { Offset = part.Number(entry) },
                    "length" => part with { Length = part.Number(entry) },
                    _ => part,
                };
            }

            return part;
        }

        public ModelFormatException Error(string problem, string advice) => new(Source, $"the external data of tensor '{Tensor.Name}' {problem}", advice);

        public void CheckWithin(long fileLength)
        {
            var needed = Math.Max(Length ?? 0, ByteSize());
            if (Offset > fileLength || needed > fileLength - Offset)
                throw Error($"takes {needed} bytes from byte {Offset} of '{Location}', which has {fileLength}", "Copy the external data again, whole.");
        }

        private long ByteSize()
        {
            try
            {
                return ((ElementType)Tensor.DataType).ByteSize(new TensorShape([.. Tensor.Dims]).ElementCount);
            }
            catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException)
            {
                throw Error($"has dimensions {string.Join('×', Tensor.Dims)}", "Export the model again.");
            }
        }

        private long Number(StringStringEntryProto entry) =>
            long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw Error($"has {entry.Key} '{entry.Value}', which is not a count of bytes", "Export the model again.");
    }
}
