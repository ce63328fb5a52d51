namespace SplitInfer.Execution;

/// <summary>The engine, ONNX Runtime, refused a model or failed to run it. The message has the engine's text and, for a model that is being planned, the file and a remedy.</summary>
public sealed class EngineException : SplitInferException
{
    /// <summary>Creates the error, for engines.</summary>
    /// <param name="code">The kind of error.</param>
    /// <param name="message">The text of the engine.</param>
    /// <param name="inner">The exception of the engine, if there is one.</param>
    public EngineException(EngineErrorCode code, string message, Exception? inner = null) : base($"ONNX Runtime: {message} ({code})", inner) =>
        (Code, EngineMessage) = (code, message);

    /// <summary>The same error, with its subject and a remedy.</summary>
    internal EngineException(string model, string advice, EngineException error) : base($"{model}: {error.Message}. {advice}", error) =>
        (Code, EngineMessage) = (error.Code, error.EngineMessage);

    /// <summary>The kind of error.</summary>
    public EngineErrorCode Code { get; }

    /// <summary>Whether there was not enough memory, or a bound was reached, so that the same call may succeed later.</summary>
    internal bool IsOfMemory => EngineMessage.Contains("bad_alloc", StringComparison.Ordinal) || EngineMessage.Contains("Failed to allocate memory", StringComparison.Ordinal)
        || EngineMessage.Contains("is smaller than requested bytes", StringComparison.Ordinal);

    /// <summary>The original message of ONNX Runtime.</summary>
    public string EngineMessage { get; }
}
