using SplitInfer.Tensors;

namespace SplitInfer.AspNetCore.OpenInference;

/// <summary>The protocol's words for the types of elements.</summary>
internal static class Datatypes
{
    /// <summary>The word for a type.</summary>
    public static string WordOf(ElementType type) => type switch
    {
        ElementType.Float16 => "FP16",
        ElementType.Float32 => "FP32",
        ElementType.Float64 => "FP64",
        ElementType.BFloat16 => "BF16",
        ElementType.Text => "BYTES",
        // INT8, UINT64, BOOL and the like: the same words in capitals.
        _ => type.ToString().ToUpperInvariant(),
    };

    /// <summary>Datatype and shape of a value, −1 for sizes that a request states.</summary>
    public static string Describe(TensorSpec spec) =>
        $"{spec.Name} {WordOf(spec.Type)} {(spec.IsRanked ? $"[{string.Join(',', spec.Dimensions.Select(static d => d.Size))}]" : "of any shape")}";
}
