namespace SplitInfer.Batching;

/// <summary>The batch of a model cannot be made free, for the reason that the message states.</summary>
internal sealed class BatchRefusedException(string reason) : SplitInferException(reason);
