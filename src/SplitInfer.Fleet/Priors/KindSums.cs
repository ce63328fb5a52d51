using SplitInfer.Fleet.Names;

namespace SplitInfer.Fleet.Priors;

/// <summary>The sum of a kind, bounded in size. Not thread-safe, as a grain need not be.</summary>
/// <param name="adder">Adds shares.</param>
internal sealed class KindSum(IKindPriorAdder adder)
{
    /// <summary>The most bytes of a share.</summary>
    public const int MaxShareBytes = 64 << 10;

    /// <summary>The most bytes of a sum, into which shares of many devices go that have found different things.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The sum; empty where there is none.</summary>
    public byte[] Bytes { get; set; } = [];

    /// <summary>Adds a share.</summary>
    /// <returns>Why it is refused; null where it is added.</returns>
    public string? Add(byte[] share)
    {
        if (share is not { Length: > 0 and <= MaxShareBytes }) return $"A share has 1 to {MaxShareBytes} bytes; this one has {share?.Length ?? 0}.";
        try
        {
            var sum = Sum(share);
            if (sum is not { Length: > 0 and <= MaxBytes }) return $"With this share the sum would have {sum?.Length ?? 0} bytes; it has 1 to {MaxBytes}.";
            Bytes = sum;
            return null;
        }
        catch (FormatException error)
        {
            return error.Message;
        }
    }

    private byte[] Sum(byte[] share)
    {
        try
        {
            return adder.Add(Bytes, share);
        }
        catch (FormatException) when (Bytes.Length > 0)
        {
            // Where it is not the share that is wrong, it is the sum, as what a storage gives back may be: it would refuse every share there is.
            return adder.Add([], share);
        }
    }
}

/// <summary>Which kinds there are, bounded in number: every new name would else take memory of a silo. Not thread-safe.</summary>
/// <param name="most">The most kinds.</param>
internal sealed class KnownKinds(int most)
{
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);

    /// <summary>The kinds.</summary>
    public string[] All => [.. _kinds];

    /// <summary>Takes a kind in.</summary>
    /// <returns>Whether it is one of them now.</returns>
    public bool Admit(string kind) => _kinds.Contains(kind) || (_kinds.Count < most && FleetName.IsOne(kind) && _kinds.Add(kind));
}
