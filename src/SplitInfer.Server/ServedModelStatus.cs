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
    /// <summary>Its early exits, by which requests are answered that allow it; empty where it has none.</summary>
    public ImmutableArray<ServedExitStatus> Exits { get; init; } = [];

    /// <summary>Name, version, inputs and outputs, on one line.</summary>
    public override string ToString() => $"{Name} {Version}: {string.Join(", ", Inputs)} → {string.Join(", ", Outputs)}; {Partitions} partitions{(Exits.IsEmpty ? "" : $"; exits {string.Join(", ", Exits)}")}";
}

/// <summary>An early exit of a model that is served.</summary>
/// <param name="Number">Its number, from 1 on, as replies have it.</param>
/// <param name="Partition">The cut that it stands on.</param>
/// <param name="Agreement">The share of answers that are the model's, where all leave there.</param>
public readonly record struct ServedExitStatus(int Number, int Partition, double Agreement)
{
    /// <summary>The cut, and how often the exit answers as the model does.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"at cut {Partition} ({Agreement * 100:0.#} % as the model)");
}
