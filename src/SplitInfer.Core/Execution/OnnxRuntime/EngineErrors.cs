using Microsoft.ML.OnnxRuntime;

namespace SplitInfer.Execution.OnnxRuntime;

/// <summary>Turns what the managed API throws into exceptions of ours.</summary>
internal static class EngineErrors
{
    private const string Prefix = "[ErrorCode:";

    /// <summary>Whether an exception is an error of the engine. For codes that the managed API has no name for, it fails to look the name up instead.</summary>
    public static bool IsEngineError(Exception error) => error is OnnxRuntimeException or KeyNotFoundException;

    /// <summary>The same error as an exception of ours. The managed API tells the code as text only.</summary>
    public static EngineException Translate(Exception error)
    {
        if (error is not OnnxRuntimeException) return new(CodeOf(Digits(error.Message)), "the engine reports an error of a kind that its .NET API has no words for", error);
        var end = error.Message.StartsWith(Prefix, StringComparison.Ordinal) ? error.Message.IndexOf(']', StringComparison.Ordinal) : -1;
        return end < 0
            ? new(EngineErrorCode.Fail, error.Message.Trim(), error)
            : new(CodeOf(error.Message[Prefix.Length..end]), error.Message[(end + 1)..].Trim(), error);
    }

    // The message of a key that was not found names the key, which is the code.
    private static string Digits(string message) => string.Concat(message.Where(char.IsAsciiDigit));

    private static EngineErrorCode CodeOf(string name) => name switch
    {
        // The managed API has other names for these two numbers than the engine.
        "ShapeInferenceNotRegistered" => EngineErrorCode.ExecutionProviderFailure,
        "RequirementNotRegistered" => EngineErrorCode.ModelLoadCanceled,
        _ => Enum.TryParse<EngineErrorCode>(name, out var code) && Enum.IsDefined(code) ? code : EngineErrorCode.Fail,
    };
}
