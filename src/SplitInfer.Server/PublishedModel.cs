using SplitInfer.Exits;
using SplitInfer.Partitioning;

namespace SplitInfer.Server;

/// <summary>A model that is planned already, as a server offers it to clients.</summary>
/// <param name="Name">The name that clients open it by.</param>
/// <param name="Version">The version of that name; a client that asks for none gets the latest.</param>
/// <param name="Model">The model; it stays the caller's, and may be that of a client in the same process.</param>
public sealed record PublishedModel(string Name, string Version, PartitionedModel Model)
{
    /// <summary>Its early exits, by which requests may be answered that allow it; null (the default) where it has none.</summary>
    public ModelExits? Exits { get; init; }
}
