namespace SplitInfer.Models;

/// <summary>A file is not an ONNX model that can be read: damaged, cut short, not ONNX, inconsistent, or over <see cref="ModelLimits"/>.</summary>
public sealed class ModelFormatException : SplitInferException
{
    internal ModelFormatException(string source, string problem, string advice, long? offset = null, Exception? inner = null)
        : base($"{source}: {problem}{(offset is null ? "" : $" (byte {offset})")}. {advice}", inner)
    {
        (Model, Offset) = (source, offset);
    }

    /// <summary>The file, or the name used in messages if the model was given as bytes.</summary>
    public string Model { get; }

    /// <summary>Where in the file the problem is, in bytes from its start; null if there is no single place.</summary>
    public long? Offset { get; }
}
