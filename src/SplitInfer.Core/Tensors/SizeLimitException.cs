namespace SplitInfer.Tensors;

/// <summary>A stated size is negative, or it or the tensors that follow from it are over <see cref="SizeLimits"/>.</summary>
public sealed class SizeLimitException : SplitInferException
{
    internal SizeLimitException(string message) : base(message) { }

    /// <summary>Whether no other sizes would do, since the model fixes them.</summary>
    internal bool IsLasting { get; set; }
}
