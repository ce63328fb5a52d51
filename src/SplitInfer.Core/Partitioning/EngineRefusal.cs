using SplitInfer.Execution;

namespace SplitInfer.Partitioning;

/// <summary>Converts an error of the engine, which names nodes, to one that also names the file and a remedy.</summary>
internal static class EngineRefusal
{
    private const string Export = "Export the model again";

    private const string Register = $"name the library that has it in {nameof(ExecutionOptions)}.{nameof(ExecutionOptions.CustomOperatorLibraries)}";

    /// <summary>The refusal of a model.</summary>
    /// <param name="source">What to call the model in messages.</param>
    /// <param name="error">What the engine said.</param>
    public static EngineException Of(string source, EngineException error) => new(source, Advice(error), error);

    private static string Advice(EngineException error) => error.EngineMessage switch
    {
        var m when ContainsAny(m, "is not a registered function/op", "No Op registered for", "Fatal error:", "No opset import for domain", "No schema registered for") =>
            $"The operator is in no operator set that this ONNX Runtime knows: {Register}, or export the model with standard operators.",
        var m when ContainsAny(m, "under development", "only *guarantees* support for models stamped", "Unsupported model IR version", "opset") && m.Contains("support", StringComparison.Ordinal) =>
            "Use a newer ONNX Runtime, or export the model for an older version of the operators or of the format.",
        var m when error.Code == EngineErrorCode.NotImplemented || m.Contains("Could not find an implementation", StringComparison.Ordinal) =>
            $"ONNX Runtime has no kernel for this operator with these element types on the CPU: export the model with other types (mostly float32) or a newer opset, or {Register}.",
        var m when ContainsAny(m, "ShapeInferenceError", "TypeInferenceError", "Type Error") =>
            $"The node contradicts the types or dimensions of what it reads. {Export}; where it was edited or converted, undo that first.",
        var m when ContainsAny(m, "External data", "external data", "External initializer") =>
            $"{Export} with its external data beside it, or copy the data again, whole.",
        var m when ContainsAny(m, "bad_alloc", "Failed to allocate memory") =>
            "The model needs more memory than there is. Give the process more, or export a smaller model.",
        _ when error.Code is EngineErrorCode.InvalidGraph or EngineErrorCode.InvalidProtobuf or EngineErrorCode.NoModel =>
            $"The graph is not valid for ONNX Runtime. {Export}, with a current exporter.",
        _ => $"{Export}, with a current exporter or a newer opset.",
    };

    private static bool ContainsAny(string message, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            if (message.Contains(word, StringComparison.Ordinal)) return true;
        return false;
    }
}
