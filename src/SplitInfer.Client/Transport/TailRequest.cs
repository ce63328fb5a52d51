using System.Collections.Immutable;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Transport;

/// <summary>One boundary on its way to the tail.</summary>
public sealed class TailRequest
{
    /// <summary>Where the model is cut.</summary>
    public required Partition Partition { get; init; }

    /// <summary>The codec in which the boundary travels.</summary>
    public required ITensorCodec Codec { get; init; }

    /// <summary>The sizes of the boundary's symbolic dimensions, one for each distinct symbol in the order in which they first appear.</summary>
    public required ImmutableArray<long> SymbolSizes { get; init; }

    /// <summary>One tensor for each value of the boundary, in its order. They stay the caller's, and must live and not change until the call ends.</summary>
    public required ReadOnlyMemory<TensorValue> Boundary { get; init; }

    /// <summary>What is left at this moment of the time in which the result is of use; null where it always is. The token of the call is signalled when it has run out.</summary>
    public TimeSpan? Remaining => Budget.IsLimited ? Budget.Remaining : null;

    /// <summary>What the request is worth beside others, for a server that has more than it can do at once; 1 unless set. The wire carries it rounded to a whole number, at least 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The least share of answers that are to be the model's own, above 0 and at most 1; null (the default) where an exit of the server must not answer.</summary>
    public double? MinQuality { get; init; }

    /// <summary>On whose behalf the request is sent, told with a <see cref="MinQuality"/> only; empty (the default) where nobody is told apart.</summary>
    public string User { get; init; } = "";

    /// <summary>How far it has got.</summary>
    public UploadProgress Progress { get; } = new();

    /// <summary>The request's budget. Unlimited by default.</summary>
    internal RequestBudget Budget { get; init; }
}
