using SplitInfer.Partitioning;

namespace SplitInfer.Server.Models;

/// <summary>Which model a client wants, as it says itself: anything.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version; empty asks for the latest.</param>
/// <param name="Model">SHA-256 of the client's model.</param>
/// <param name="Plan">SHA-256 of the client's plan.</param>
/// <param name="Sketch">A <see cref="PlanSketch"/> of it; empty where the client gives none.</param>
internal readonly record struct ModelClaim(string Name, string Version, Fingerprint Model, Fingerprint Plan, ReadOnlyMemory<byte> Sketch)
{
    /// <summary>Whether the client has no copy of the model, and takes whatever has the name; the fingerprints then say nothing.</summary>
    public bool TakesAny { get; init; }
}
