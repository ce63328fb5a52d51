namespace SplitInfer.Server;

/// <summary>A server is set to allow lossy codecs only. Replies are never approximated, so it could answer no one.</summary>
public sealed class LosslessCodecRequiredException : SplitInferException
{
    internal LosslessCodecRequiredException()
        : base("The server allows no lossless codec, and results are sent back without loss. Allow Raw as well, or ZeroBitmapEntropy where raw uploads are not wanted.") { }
}
