namespace SplitInfer.Fleet.Prices;

/// <summary>
/// Finds the prices of the nodes of one region. Its key is the region's name, with that of a set of models behind a slash where a region is divided: a price is for a second of
/// a node, whichever model takes it, so that all models of a node are with one grain.
/// </summary>
/// <remarks>What is wrong with a message is in the reply: an error of a grain would tell the caller of types that it need not have.</remarks>
[Alias("SplitInfer.Fleet.IPriceGrain")]
internal interface IPriceGrain : IGrainWithStringKey
{
    /// <summary>Takes a node in, or what curves it has now.</summary>
    [Alias("Join")]
    ValueTask<JoinReply> JoinAsync(string node, CurveMessage[] curves);

    /// <summary>Takes the bytes of a report.</summary>
    [Alias("Report")]
    ValueTask<PriceReply> ReportAsync(byte[] report);
}

/// <summary>What a node that joins is told.</summary>
/// <param name="Node">The number under which it reports; nothing where it is refused.</param>
/// <param name="Refusal">Why it is refused; null where it is not.</param>
[GenerateSerializer, Immutable, Alias("SplitInfer.Fleet.JoinReply")]
internal readonly record struct JoinReply([property: Id(0)] uint Node, [property: Id(1)] string? Refusal);

/// <summary>What a node that reports is told.</summary>
/// <param name="Price">The bytes of its price; empty where there is none.</param>
/// <param name="Refusal">What is wrong with the report; null where nothing is. Without a price and a refusal the node is not known.</param>
[GenerateSerializer, Immutable, Alias("SplitInfer.Fleet.PriceReply")]
internal readonly record struct PriceReply([property: Id(0)] byte[] Price, [property: Id(1)] string? Refusal)
{
    /// <summary>The node has to join first.</summary>
    public static PriceReply Unknown { get; } = new([], null);
}
