namespace SplitInfer.Client.Families;

/// <summary>The engine loads none of a family's variants on this device, though the files are what they were.</summary>
public sealed class NoUsableVariantException : SplitInferException
{
    internal NoUsableVariantException(string path, IReadOnlyDictionary<string, string> reasons)
        : base($"None of the variants of '{path}' can be loaded on this device. Make some for it with `splitinfer tailor`, or let the client use others. "
            + string.Join(" ", reasons.Select(static reason => $"'{reason.Key}': {reason.Value}"))) => Reasons = reasons;

    /// <summary>Why not, by the name of the variant; for people.</summary>
    public IReadOnlyDictionary<string, string> Reasons { get; }
}
