namespace SplitInfer.Fleet.Priors;

/// <summary>What devices of a kind have learned together, from which a new one starts. Sums alone: no input, and nothing that tells one device from another. Safe for concurrent use.</summary>
public interface IKindPriorStore
{
    /// <summary>The sum of all shares of a kind.</summary>
    /// <param name="kind">The kind of device, 1 to 64 letters, digits, dots, hyphens and underscores.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its bytes, as <see cref="IKindPriorAdder"/> writes them; null where no device of the kind has given one.</returns>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(string kind, CancellationToken cancellationToken = default);

    /// <summary>Adds the share of one device. How often a device may is for whoever lets it in to say.</summary>
    /// <param name="kind">The kind of device.</param>
    /// <param name="share">What it has learned since its last share.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FormatException">The share is none, or more than one device can have learned.</exception>
    ValueTask ContributeAsync(string kind, ReadOnlyMemory<byte> share, CancellationToken cancellationToken = default);
}

/// <summary>Knows what the bytes of sums and shares mean. Runs in silos, on bytes that anyone may have sent. Thread-safe.</summary>
public interface IKindPriorAdder
{
    /// <summary>Adds a share to a sum.</summary>
    /// <param name="sum">The sum so far; empty where there is none.</param>
    /// <param name="share">The share of one device.</param>
    /// <returns>The new sum.</returns>
    /// <exception cref="FormatException">The share is none, or more than one device can have learned, so that none counts for more than one. The message says why.</exception>
    byte[] Add(ReadOnlySpan<byte> sum, ReadOnlySpan<byte> share);
}
