namespace SplitInfer.Server;

/// <summary>A model that a server offers to clients. Immutable.</summary>
/// <param name="Name">The name that clients open it by.</param>
/// <param name="Version">Its version.</param>
/// <param name="Fingerprint">SHA-256 of the model file, in hexadecimal digits.</param>
/// <param name="Partitions">The number of partitions of its plan.</param>
public sealed record ServedModelStatus(string Name, string Version, string Fingerprint, int Partitions);
