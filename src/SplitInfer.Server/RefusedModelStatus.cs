namespace SplitInfer.Server;

/// <summary>A model of a server's directory that is not served. Immutable.</summary>
/// <param name="Name">The name of its folder.</param>
/// <param name="Version">Its version; empty where that is not known, because the folder of the name is refused.</param>
/// <param name="Reason">Why it is not served, and what to do.</param>
public sealed record RefusedModelStatus(string Name, string Version, string Reason);
