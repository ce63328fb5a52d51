namespace SplitInfer.Codecs;

/// <summary>A payload does not decode: it was damaged, forged, or encoded by another codec.</summary>
public sealed class InvalidPayloadException : SplitInferException
{
    /// <summary>Creates the error.</summary>
    /// <param name="codec">Name of the codec that refused.</param>
    /// <param name="reason">What was wrong with the bytes.</param>
    public InvalidPayloadException(string codec, string reason)
        : base($"The payload is not one that codec '{codec}' writes: {reason}. Check that both ends run the same release of SplitInfer.") { }
}
