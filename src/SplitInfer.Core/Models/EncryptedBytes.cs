using SplitInfer.Models.Onnx;

namespace SplitInfer.Models;

/// <summary>Tells bytes without any order, such as encrypted ones, from a model that was damaged.</summary>
internal static class EncryptedBytes
{
    private const int LeastBytes = 1024;

    // Each byte value counts equally often in such data; the squared deviations, over their mean, add up to 255 ± 23 then.
    private const double MostDeviation = 255 + 6 * 23;

    private static readonly int[] ModelFields = [.. ModelProto.Descriptor.Fields.InDeclarationOrder().Select(static f => f.FieldNumber)];

    /// <summary>Whether the beginning of a file is no field of a model, and its bytes are spread as chance spreads them.</summary>
    public static bool AreLikely(ReadOnlySpan<byte> prefix)
    {
        if (prefix.Length < LeastBytes || IsFieldOfModel(prefix[0])) return false;
        Span<int> counts = stackalloc int[256];
        foreach (var value in prefix) counts[value]++;
        var mean = prefix.Length / 256.0;
        var deviation = 0.0;
        foreach (var count in counts) deviation += (count - mean) * (count - mean) / mean;
        return deviation < MostDeviation;
    }

    private static bool IsFieldOfModel(byte tag) => (tag & 7) is 0 or 2 && ModelFields.Contains(tag >> 3);
}
