using System.Collections.Frozen;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>
/// Tells which outputs of a model may be written to memory that is prepared for them. Kernels that may hand a past through as the present take
/// it for granted that the engine has allocated both, and write elsewhere, or past the end, where it has not.
/// </summary>
internal sealed class PreparedOutputs
{
    private static readonly FrozenSet<string> SafeDomains = FrozenSet.Create(StringComparer.Ordinal, "", "ai.onnx", "ai.onnx.ml", "com.microsoft.nchwc", "com.ms.internal.nhwc");

    private static readonly FrozenSet<string> UnsafeStandard = FrozenSet.Create(StringComparer.Ordinal, "Attention", "TensorScatter");

    // What optimisers make of standard operators, and what exporters use beside them. None has a state.
    private static readonly FrozenSet<string> SafeMicrosoft = FrozenSet.Create(StringComparer.Ordinal,
        "BiasDropout", "BiasGelu", "BiasSoftmax", "BiasSplitGelu", "ConvTransposeWithDynamicPads", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "EmbedLayerNormalization", "FastGelu", "FusedConv", "FusedGemm",
        "FusedMatMul", "Gelu", "GemmFloat8", "GroupNorm", "Inverse", "LayerNormalization", "MatMulBnb4", "MatMulIntegerToFloat", "MatMulNBits", "MaxpoolWithMask", "NhwcConv", "NhwcFusedConv", "NhwcMaxPool",
        "QGemm", "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearConv", "QLinearGlobalAveragePool", "QLinearLeakyRelu", "QLinearMul", "QLinearReduceMean", "QLinearSigmoid", "QLinearSoftmax",
        "QLinearWhere", "QuickGelu", "SimplifiedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization", "TransposeMatMul", "Trilu", "UnfoldTensor");

    private readonly IReadOnlyDictionary<string, (string Domain, string OpType)> _producers;

    /// <summary>Looks at a model.</summary>
    /// <param name="model">An ONNX file.</param>
    public PreparedOutputs(ReadOnlySpan<byte> model) => _producers = NodeScan.Producers(model);

    /// <summary>Whether an output may be prepared. What no node writes is handed through from an input or an initializer.</summary>
    public bool Allow(string output)
    {
        if (!_producers.TryGetValue(output, out var producer)) return true;
        var (domain, operation) = producer;
        return domain == "com.microsoft" ? SafeMicrosoft.Contains(operation) : SafeDomains.Contains(domain) && !UnsafeStandard.Contains(operation);
    }
}
