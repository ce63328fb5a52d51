namespace SplitInfer.Execution;

/// <summary>ONNX Runtime refused or failed; the message is its own.</summary>
public sealed class OnnxRuntimeException : SplitInferException
{
    internal OnnxRuntimeException(OnnxRuntimeErrorCode code, string message) : base($"ONNX Runtime: {message} ({code})") => Code = code;

    /// <summary>The kind of error.</summary>
    public OnnxRuntimeErrorCode Code { get; }
}
