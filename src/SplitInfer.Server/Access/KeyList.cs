using System.Buffers;

namespace SplitInfer.Server.Access;

/// <summary>The keys of a file, a line each: a name and a key, or a name and the key's SHA-256. Immutable.</summary>
internal sealed class KeyList
{
    private const string HashPrefix = "sha256:";
    private const int LeastLength = 16, HashBytes = 32;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    private readonly AccessKey[] _keys;

    private KeyList(AccessKey[] keys) => _keys = keys;

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">It has a line that is not of the format, or none; the message never has a key.</exception>
    public static KeyList Read(string path)
    {
        var keys = new List<AccessKey>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var content = line.Trim();
            if (content.Length > 0 && content[0] != '#') keys.Add(Parse(content, number));
        }

        return keys.Count > 0 ? new([.. keys]) : throw new FormatException("there is no key in it");
    }

    /// <summary>How many keys there are.</summary>
    public int Count => _keys.Length;

    /// <summary>The key that was presented; null where it is none of these. All are compared, whichever it is.</summary>
    public AccessKey? Find(string presented)
    {
        var hash = AccessKey.HashOf(presented);
        AccessKey? found = null;
        foreach (var key in _keys)
            if (key.Is(hash)) found = key;
        return found;
    }

    /// <summary>Whether a key is still among these.</summary>
    public bool Contains(AccessKey key) => Array.Exists(_keys, key.Equals);

    private static AccessKey Parse(string content, int number)
    {
        // A mistake may have put a key in any place, so no message repeats what stands there.
        var parts = content.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [var name, var key]) throw new FormatException($"line {number} is not a name and a key");
        if (name.AsSpan().ContainsAnyExcept(NameCharacters)) throw new FormatException($"the name in line {number} has other characters than letters, digits, '.', '_' and '-'");
        if (key.StartsWith(HashPrefix, StringComparison.Ordinal)) return new(name, ParseHash(key[HashPrefix.Length..], number));
        if (key.Length < LeastLength) throw new FormatException($"the key in line {number} has fewer than {LeastLength} characters");
        return new(name, AccessKey.HashOf(key));
    }

    private static byte[] ParseHash(string text, int number)
    {
        var hash = new byte[HashBytes];
        return text.Length == 2 * HashBytes && Convert.FromHexString(text, hash, out _, out _) == OperationStatus.Done
            ? hash
            : throw new FormatException($"the hash in line {number} is not {2 * HashBytes} hexadecimal digits");
    }
}
