namespace SplitInfer.Codecs;

/// <summary>A codec was asked for that there is not. The message lists those that there are.</summary>
public sealed class UnknownCodecException : SplitInferException
{
    internal UnknownCodecException(string name, IEnumerable<string> known)
        : base($"There is no codec '{name}'. Use one of: {string.Join(", ", known)}.") { }
}
