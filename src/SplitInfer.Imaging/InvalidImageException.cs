namespace SplitInfer.Imaging;

/// <summary>Bytes are no picture that can be decoded, are damaged or cut short, or hold a picture over what <see cref="ImagePreprocessing.MaxPixels"/> allows.</summary>
public sealed class InvalidImageException : SplitInferException
{
    internal InvalidImageException(string message) : base(message) { }
}
