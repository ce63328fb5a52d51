using System.Collections.Immutable;
using SplitInfer.Tensors;

namespace SplitInfer.Server;

/// <summary>A model that a server offers to clients. Immutable.</summary>
/// <param name="Name">The name that clients open it by.</param>
/// <param name="Version">Its version.</param>
/// <param name="Fingerprint">SHA-256 of the model file, in hexadecimal digits.</param>
/// <param name="Partitions">The number of partitions of its plan.</param>
/// <param name="Inputs">What it takes.</param>
/// <param name="Outputs">What its tails give, which is what the model gives but for outputs that only the device can make, such as maps and text.</param>
public sealed record ServedModelStatus(string Name, string Version, string Fingerprint, int Partitions, ImmutableArray<TensorSpec> Inputs, ImmutableArray<TensorSpec> Outputs)
{
    /// <summary>Name, version, inputs and outputs, on one line.</summary>
    public override string ToString() => $"{Name} {Version}: {string.Join(", ", Inputs)} → {string.Join(", ", Outputs)}; {Partitions} partitions";
}
