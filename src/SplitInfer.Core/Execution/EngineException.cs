namespace SplitInfer.Execution;

/// <summary>The engine, ONNX Runtime, refused a model or failed to run it. The message has its words; where a model was planned, also the file and what to do.</summary>
public sealed class EngineException : SplitInferException
{
    /// <summary>Creates the error, for engines.</summary>
    /// <param name="code">The kind of error.</param>
    /// <param name="message">The engine's own words.</param>
    /// <param name="inner">What the engine threw, if anything.</param>
    public EngineException(EngineErrorCode code, string message, Exception? inner = null) : base($"ONNX Runtime: {message} ({code})", inner) =>
        (Code, EngineMessage) = (code, message);

    /// <summary>The same error with what it is about and what to do.</summary>
    internal EngineException(string model, string advice, EngineException error) : base($"{model}: {error.Message}. {advice}", error) =>
        (Code, EngineMessage) = (error.Code, error.EngineMessage);

    /// <summary>The kind of error.</summary>
    public EngineErrorCode Code { get; }

    /// <summary>Whether there was not enough memory, so that the same may succeed at another time.</summary>
    internal bool IsOfMemory => EngineMessage.Contains("bad_alloc", StringComparison.Ordinal) || EngineMessage.Contains("Failed to allocate memory", StringComparison.Ordinal);

    /// <summary>The message as ONNX Runtime gave it.</summary>
    public string EngineMessage { get; }
}
