using System.Buffers.Binary;
using System.Collections.Immutable;
using SplitInfer.Protocol;

namespace SplitInfer.Client.State;

/// <summary>What a section of a <see cref="StateFile"/> holds.</summary>
internal enum StateKind : uint
{
    /// <summary>Delays of the heads by partition, s; NaN where none was measured.</summary>
    Heads = 1,

    /// <summary>What a policy learned.</summary>
    Policy = 2,

    /// <summary>What ratings taught.</summary>
    Experience = 3,
}

/// <summary>One piece of saved state.</summary>
/// <param name="Kind">What it holds. Sections of an unknown kind are kept as they are.</param>
/// <param name="Version">Layout of the numbers.</param>
/// <param name="Key">What the numbers belong to; those of another key are skipped.</param>
/// <param name="Numbers">The numbers.</param>
internal sealed record StateSection(StateKind Kind, uint Version, Fingerprint Key, ImmutableArray<double> Numbers);

/// <summary>
/// Everything that a client learned about one model on one device, in one file of sections, so that several policies and servers may share
/// it. A file is read whole or not at all, and written whole or not at all.
/// </summary>
/// <remarks>
/// All little-endian: "SIST", format version u16, zero u16, SHA-256 of the model, SHA-256 of the device, number of sections u32; each section:
/// kind u32, version u32, SHA-256 of the key, number of values u32, that many float64; at the end CRC-32C u32 of everything before it.
/// </remarks>
internal static class StateFile
{
    private const ushort FormatVersion = 1;
    private const int HeaderLength = 8 + (2 * Fingerprint.Size) + 4;
    private const int SectionHeaderLength = 8 + Fingerprint.Size + 4;
    private const int MaxLength = 64 << 20;
    private const int MaxSections = 64;

    // No write takes so long: what is older was left by a process that was killed.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromHours(1);

    /// <summary>Reads the sections of a file; none where there is no file.</summary>
    /// <exception cref="StateFileException">The file is damaged, of another release, model or device, or cannot be read.</exception>
    public static ImmutableArray<StateSection> Read(string path, Fingerprint model, Fingerprint device)
    {
        try
        {
            if (!File.Exists(path)) return [];
            if (new FileInfo(path).Length > MaxLength) throw new StateFileException($"The saved state '{path}' is larger than any that SplitInfer writes. It is written anew.");
            return Decode(File.ReadAllBytes(path), model, device);
        }
        catch (StateFileException error)
        {
            throw new StateFileException($"The saved state '{path}' {error.Message} It is written anew.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StateFileException($"The saved state '{path}' cannot be read: {error.Message} Make the file readable, or delete it.", error);
        }
    }

    /// <summary>Writes sections. Those of the file that have other kinds or keys are kept, the newest first, up to 64 in all.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="model">The model.</param>
    /// <param name="device">The device.</param>
    /// <param name="sections">What is new.</param>
    /// <exception cref="StateFileException">The file cannot be written.</exception>
    public static void Write(string path, Fingerprint model, Fingerprint device, IReadOnlyList<StateSection> sections)
    {
        ImmutableArray<StateSection> kept = [];
        try
        {
            kept = [.. Read(path, model, device).Where(old => sections.All(section => (section.Kind, section.Key) != (old.Kind, old.Key)))];
        }
        catch (StateFileException)
        {
            // An unusable file is replaced.
        }

        try
        {
            WholeFile.Replace(path, Encode(model, device, [.. sections.Concat(kept).Take(MaxSections)]));
            RemoveUnfinished(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StateFileException($"What was learned cannot be saved to '{path}': {error.Message} Make the folder writable, or set no folder to keep it in.", error);
        }
    }

    /// <summary>The bytes of a file.</summary>
    public static byte[] Encode(Fingerprint model, Fingerprint device, ImmutableArray<StateSection> sections)
    {
        var bytes = new byte[HeaderLength + sections.Sum(static section => SectionHeaderLength + (8 * section.Numbers.Length)) + 4];
        WriteHeader(bytes, model, device);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HeaderLength - 4), sections.Length);
        var rest = bytes.AsSpan(HeaderLength);
        foreach (var section in sections)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)section.Kind);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], section.Version);
            section.Key.Bytes.CopyTo(rest[8..]);
            BinaryPrimitives.WriteInt32LittleEndian(rest[(SectionHeaderLength - 4)..], section.Numbers.Length);
            rest = rest[SectionHeaderLength..];
            foreach (var number in section.Numbers)
            {
                BinaryPrimitives.WriteDoubleLittleEndian(rest, number);
                rest = rest[8..];
            }
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Crc32C.Append(0, bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <exception cref="StateFileException">The bytes are damaged, or of another release, model or device. The message has no subject.</exception>
    public static ImmutableArray<StateSection> Decode(ReadOnlySpan<byte> bytes, Fingerprint model, Fingerprint device)
    {
        if (bytes.Length < HeaderLength + 4 || !bytes[..4].SequenceEqual("SIST"u8)) throw new StateFileException("is no state of SplitInfer.");
        if (Crc32C.Append(0, bytes[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..])) throw new StateFileException("is damaged.");
        Span<byte> expected = stackalloc byte[HeaderLength];
        WriteHeader(expected, model, device);
        if (!bytes[..(HeaderLength - 4)].SequenceEqual(expected[..(HeaderLength - 4)])) throw new StateFileException("was written for another model or device, or by another release of SplitInfer.");
        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(HeaderLength - 4)..]);
        if (count > MaxSections) throw new StateFileException($"holds {count} sections, more than SplitInfer writes.");
        var sections = ImmutableArray.CreateBuilder<StateSection>((int)count);
        var rest = bytes[HeaderLength..^4];
        for (; count > 0; count--)
        {
            if (rest.Length < SectionHeaderLength) throw new StateFileException("ends too early.");
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[(SectionHeaderLength - 4)..]);
            if (8L * length > rest.Length - SectionHeaderLength) throw new StateFileException("ends too early.");
            var numbers = new double[length];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = BinaryPrimitives.ReadDoubleLittleEndian(rest[(SectionHeaderLength + (8 * i))..]);
            sections.Add(new((StateKind)BinaryPrimitives.ReadUInt32LittleEndian(rest), BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]), new(rest.Slice(8, Fingerprint.Size)), [.. numbers]));
            rest = rest[(SectionHeaderLength + (8 * (int)length))..];
        }

        return rest.IsEmpty ? sections.DrainToImmutable() : throw new StateFileException("is longer than it should be.");
    }

    private static void RemoveUnfinished(string path)
    {
        // By the clock of the file system, which may be that of another machine.
        var oldest = File.GetLastWriteTimeUtc(path) - LongestWrite;
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}.*{WholeFile.Unfinished}"))
            if (File.GetLastWriteTimeUtc(left) < oldest) File.Delete(left);
    }

    private static void WriteHeader(Span<byte> header, Fingerprint model, Fingerprint device)
    {
        "SIST"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], FormatVersion);
        model.Bytes.CopyTo(header[8..]);
        device.Bytes.CopyTo(header[(8 + Fingerprint.Size)..]);
    }
}

/// <summary>Saved state cannot be used or written. The message says why.</summary>
internal sealed class StateFileException(string message, Exception? inner = null) : SplitInferException(message, inner);
