using System.Security.Cryptography;
using System.Text;

namespace SplitInfer.Server.Access;

/// <summary>A key that clients may have: its name and its SHA-256, never the key itself. Immutable.</summary>
internal sealed class AccessKey(string name, byte[] hash)
{
    /// <summary>What logs call it.</summary>
    public string Name => name;

    /// <summary>The SHA-256 of a key as it is presented.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Whether it is the key with this hash, in a time that does not depend on where they differ.</summary>
    public bool Is(ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(hash, other);

    /// <summary>Whether both are the same key under the same name.</summary>
    public bool Equals(AccessKey other) => name == other.Name && other.Is(hash);
}
