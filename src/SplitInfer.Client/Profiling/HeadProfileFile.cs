using System.Buffers.Binary;
using SplitInfer.Protocol;

namespace SplitInfer.Client.Profiling;

/// <summary>Keeps the measured delays of heads from one run to the next.</summary>
/// <remarks>
/// All little-endian: "SIHP", version u16, zero u16, SHA-256 of the model, SHA-256 that tells the device, count u32, that many
/// float64 seconds by partition, NaN where none was measured, CRC-32C u32 of all before it.
/// </remarks>
internal static class HeadProfileFile
{
    private const ushort Version = 1;
    private const int HeaderLength = 8 + (2 * Fingerprint.Size) + 4;

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="HeadProfileException">It cannot be written.</exception>
    public static void Save(string path, Fingerprint model, Fingerprint device, HeadProfile profile)
    {
        try
        {
            File.WriteAllBytes(path + ".new", Encode(model, device, profile));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HeadProfileException($"The delays of heads cannot be saved to '{path}': {error.Message} Make the folder writable, or set no folder to keep them in.", error);
        }
    }

    /// <summary>Records in <paramref name="profile"/> what the file holds, all of it or, on error, nothing. Does nothing where there is no file.</summary>
    /// <exception cref="HeadProfileException">The file is damaged, of something else, or cannot be read.</exception>
    public static void Load(string path, Fingerprint model, Fingerprint device, HeadProfile profile)
    {
        try
        {
            if (!File.Exists(path)) return;
            // Its length follows from the model, so that nothing larger is read.
            var isRightLength = new FileInfo(path).Length == LengthFor(profile.Count);
            Decode(isRightLength ? File.ReadAllBytes(path) : [], model, device, profile);
        }
        catch (HeadProfileException error)
        {
            throw new HeadProfileException($"'{path}' {error.Message} It is written anew.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HeadProfileException($"The delays of heads in '{path}' cannot be read: {error.Message} Make the file readable, or delete it.", error);
        }
    }

    private static byte[] Encode(Fingerprint model, Fingerprint device, HeadProfile profile)
    {
        var bytes = new byte[LengthFor(profile.Count)];
        WriteHeader(bytes, model, device, profile.Count);
        var (seconds, isMeasured) = profile.Current;
        for (var k = 0; k < profile.Count; k++)
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(HeaderLength + (8 * k)), isMeasured[k] ? seconds[k] : double.NaN);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Append(0, bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    private static void Decode(ReadOnlySpan<byte> bytes, Fingerprint model, Fingerprint device, HeadProfile profile)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        WriteHeader(header, model, device, profile.Count);
        if (bytes.Length != LengthFor(profile.Count) || !bytes[..4].SequenceEqual(header[..4]))
            throw new HeadProfileException("does not hold delays of this model's heads.");
        if (Crc32C.Append(0, bytes[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]))
            throw new HeadProfileException("is damaged.");
        if (!bytes[..HeaderLength].SequenceEqual(header))
            throw new HeadProfileException("was written for another model or device, or by another release of SplitInfer.");

        var seconds = new double[profile.Count];
        for (var k = 0; k < seconds.Length; k++)
        {
            seconds[k] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(HeaderLength + (8 * k))..]);
            if (seconds[k] < 0 || double.IsInfinity(seconds[k])) throw new HeadProfileException($"holds {seconds[k]} s for the head of partition {k}.");
        }

        for (var k = 0; k < seconds.Length; k++)
            if (!double.IsNaN(seconds[k])) profile.Record(k, seconds[k]);
    }

    private static int LengthFor(int partitions) => HeaderLength + (8 * partitions) + 4;

    private static void WriteHeader(Span<byte> header, Fingerprint model, Fingerprint device, int partitions)
    {
        header.Clear();
        "SIHP"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        model.Bytes.CopyTo(header[8..]);
        device.Bytes.CopyTo(header[(8 + Fingerprint.Size)..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[(HeaderLength - 4)..], partitions);
    }
}
