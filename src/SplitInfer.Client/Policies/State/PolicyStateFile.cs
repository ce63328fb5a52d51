using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace SplitInfer.Client.Policies.State;

/// <summary>Keeps what a policy learned from one run to the next.</summary>
/// <remarks>
/// All little-endian: "SIPS", format version u16, state version u16, four SHA-256 digests (policy name, model, arms,
/// server), count u32, that many float64, CRC-32C u32 of all before it.
/// </remarks>
internal static class PolicyStateFile
{
    private const int FormatVersion = 1;
    private const int HeaderLength = 4 + 2 + 2 + (4 * Fingerprint.Size) + 4;
    private const int MaxLength = 64 << 20;

    /// <summary>Writes the file, whole or not at all.</summary>
    /// <exception cref="PolicyStateException">It cannot be written.</exception>
    public static void Save(string path, PolicyStateKey key, IStatefulPolicy policy)
    {
        try
        {
            File.WriteAllBytes(path + ".new", Encode(key, policy));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStateException($"The policy state cannot be saved to '{path}': {e.Message} Make the folder writable or switch saving off.", e);
        }
    }

    /// <summary>Has the policy go on from the file. False where there is none; the policy then starts cold, as it does after an error.</summary>
    /// <exception cref="PolicyStateException">The file is damaged or of something else.</exception>
    public static bool Load(string path, PolicyStateKey key, IStatefulPolicy policy)
    {
        try
        {
            if (!File.Exists(path)) return false;
            if (new FileInfo(path).Length > MaxLength) throw new PolicyStateException($"'{path}' is too large to be saved policy state. Delete it to start afresh.");
            Decode(File.ReadAllBytes(path), key, policy);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStateException($"The policy state '{path}' cannot be read: {e.Message} Make it readable, or delete it to start afresh.", e);
        }
    }

    /// <summary>The bytes of the file.</summary>
    public static byte[] Encode(PolicyStateKey key, IStatefulPolicy policy)
    {
        var writer = new PolicyStateWriter();
        policy.Save(writer);
        var bytes = new byte[HeaderLength + (8 * writer.Numbers.Count) + 4];
        WriteHeader(bytes, key, policy);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HeaderLength - 4), writer.Numbers.Count);
        for (var i = 0; i < writer.Numbers.Count; i++)
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(HeaderLength + (8 * i)), writer.Numbers[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Checksum(bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <exception cref="PolicyStateException">The bytes are damaged or of something else.</exception>
    public static void Decode(ReadOnlySpan<byte> bytes, PolicyStateKey key, IStatefulPolicy policy)
    {
        if (bytes.Length < HeaderLength + 4 || !bytes[..4].SequenceEqual("SIPS"u8))
            throw new PolicyStateException("This is not saved policy state. Delete the file to start afresh, or name another one.");
        if (Checksum(bytes[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]))
            throw new PolicyStateException("The saved policy state is damaged. Delete the file to start afresh.");
        Span<byte> expected = stackalloc byte[HeaderLength];
        WriteHeader(expected, key, policy);
        RequireSame(bytes, expected, 4, 4, "written by another release of SplitInfer");
        RequireSame(bytes, expected, 8, Fingerprint.Size, "of another policy");
        RequireSame(bytes, expected, 8 + Fingerprint.Size, Fingerprint.Size, "of another model");
        RequireSame(bytes, expected, 8 + (2 * Fingerprint.Size), Fingerprint.Size, "of other partitions or codecs");
        RequireSame(bytes, expected, 8 + (3 * Fingerprint.Size), Fingerprint.Size, "of another server");
        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(HeaderLength - 4)..]);
        if (HeaderLength + (8L * count) + 4 != bytes.Length)
            throw new PolicyStateException("The saved policy state has the wrong length. Delete the file to start afresh.");
        var numbers = new double[count];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(HeaderLength + (8 * i))..]);
        policy.Restore(new(numbers));
    }

    private static void WriteHeader(Span<byte> header, PolicyStateKey key, IStatefulPolicy policy)
    {
        "SIPS"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], FormatVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], checked((ushort)policy.StateVersion));
        SHA256.HashData(Encoding.UTF8.GetBytes(policy.Name), header[8..]);
        key.Model.Bytes.CopyTo(header[(8 + Fingerprint.Size)..]);
        key.Arms.Bytes.CopyTo(header[(8 + (2 * Fingerprint.Size))..]);
        key.Server.Bytes.CopyTo(header[(8 + (3 * Fingerprint.Size))..]);
    }

    private static void RequireSame(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> expected, int start, int length, string otherwise)
    {
        if (!bytes.Slice(start, length).SequenceEqual(expected.Slice(start, length)))
            throw new PolicyStateException($"The saved policy state is {otherwise}. Name another file, or delete this one to start afresh.");
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
