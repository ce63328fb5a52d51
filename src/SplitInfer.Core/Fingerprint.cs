using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace SplitInfer;

/// <summary>A SHA-256 digest, compared by value and shown as lower-case hexadecimal.</summary>
[JsonConverter(typeof(FingerprintConverter))]
public readonly struct Fingerprint : IEquatable<Fingerprint>
{
    /// <summary>Bytes of a fingerprint.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private readonly byte[]? _digest;

    /// <summary>Copies a digest of <see cref="Size"/> bytes.</summary>
    public Fingerprint(ReadOnlySpan<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(digest.Length, Size, nameof(digest));
        _digest = digest.ToArray();
    }

    /// <summary>The digest; empty in the default value.</summary>
    public ReadOnlySpan<byte> Bytes => _digest;

    /// <inheritdoc/>
    public bool Equals(Fingerprint other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Fingerprint other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _digest is null ? 0 : BitConverter.ToInt32(_digest);

    /// <summary>Whether the digests are the same.</summary>
    public static bool operator ==(Fingerprint left, Fingerprint right) => left.Equals(right);

    /// <summary>Whether the digests differ.</summary>
    public static bool operator !=(Fingerprint left, Fingerprint right) => !left.Equals(right);

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Bytes);
}
