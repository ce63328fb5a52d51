namespace SplitInfer.Client.Arms;

/// <summary>A partition was named that the model does not have, or that cannot be taken.</summary>
public sealed class InvalidPartitionException : SplitInferException
{
    internal InvalidPartitionException(string message) : base(message) { }
}
