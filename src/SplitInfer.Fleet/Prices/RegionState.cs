namespace SplitInfer.Fleet.Prices;

/// <summary>What is kept of a region, so that another silo goes on with it: who its nodes are, and their curves. Their rates are learned again from one report.</summary>
[GenerateSerializer, Alias("SplitInfer.Fleet.RegionState")]
internal sealed class RegionState
{
    /// <summary>The nodes.</summary>
    [Id(0)]
    public NodeRecord[] Nodes { get; set; } = [];
}

/// <summary>A node of a region.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Curves">Its curves, in the order of which its reports speak.</param>
[GenerateSerializer, Immutable, Alias("SplitInfer.Fleet.Node")]
internal sealed record NodeRecord([property: Id(0)] string Name, [property: Id(1)] CurveMessage[] Curves);
