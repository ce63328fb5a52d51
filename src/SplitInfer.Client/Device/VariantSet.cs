using System.Collections.Immutable;
using SplitInfer.Families;

namespace SplitInfer.Client.Device;

/// <summary>A model that the device has, as one of several for the same task or alone.</summary>
/// <param name="Name">The name of the variant; empty where there is no family.</param>
/// <param name="Model">The model.</param>
/// <param name="Accuracy">Its expected accuracy, 0 to 1; 1 where there is no family.</param>
/// <param name="Member">What the family says of it; null where there is none.</param>
internal sealed record ModelVariant(string Name, LocalModel Model, double Accuracy = 1, FamilyVariant? Member = null);

/// <summary>The models of a client, by the number of the variant; all take and yield the same values. Owns them. Safe for concurrent use.</summary>
/// <param name="variants">The variants, the main one first.</param>
internal sealed class VariantSet(ImmutableArray<ModelVariant> variants) : IDisposable
{
    /// <summary>The variants, the main one first.</summary>
    public ImmutableArray<ModelVariant> All => variants;

    /// <summary>The variant that requests which name a partition take.</summary>
    public LocalModel Main => variants[0].Model;

    /// <summary>Whether there is more than one to choose among.</summary>
    public bool AreSeveral => variants.Length > 1;

    /// <summary>The variant at a place.</summary>
    public ModelVariant this[int place] => variants[place];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var variant in variants) variant.Model.Dispose();
    }
}
