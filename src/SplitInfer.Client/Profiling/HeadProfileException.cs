namespace SplitInfer.Client.Profiling;

/// <summary>Saved delays of heads cannot be used. The message says why.</summary>
internal sealed class HeadProfileException(string message, Exception? inner = null) : SplitInferException(message, inner);
