namespace SplitInfer.Execution;

/// <summary>The engine, ONNX Runtime, refused a model or failed to run it; the message is its own.</summary>
public sealed class EngineException : SplitInferException
{
    internal EngineException(EngineErrorCode code, string message, Exception? inner = null) : base($"ONNX Runtime: {message} ({code})", inner) =>
        (Code, EngineMessage) = (code, message);

    /// <summary>The kind of error.</summary>
    public EngineErrorCode Code { get; }

    /// <summary>The message as ONNX Runtime gave it.</summary>
    public string EngineMessage { get; }
}
