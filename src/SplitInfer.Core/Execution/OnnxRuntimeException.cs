namespace SplitInfer.Execution;

/// <summary>ONNX Runtime refused or failed; the message is its own.</summary>
public sealed class OnnxRuntimeException : SplitInferException
{
    internal OnnxRuntimeException(OnnxRuntimeErrorCode code, string message) : base($"ONNX Runtime: {message} ({code})") =>
        (Code, EngineMessage) = (code, message);

    /// <summary>The kind of error.</summary>
    public OnnxRuntimeErrorCode Code { get; }

    /// <summary>The message as ONNX Runtime gave it.</summary>
    public string EngineMessage { get; }
}
