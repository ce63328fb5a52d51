namespace SplitInfer.Client.Attempts;

/// <summary>
/// A server's outputs hold infinite numbers, or what is not a number, though what it was sent does not. The device ran the rest instead: its
/// result is the one that counts, whether it is finite or not.
/// </summary>
public sealed class NonFiniteOutputException : SplitInferException
{
    internal NonFiniteOutputException(string server, string output)
        : base($"The output '{output}' of the server {server} holds infinite numbers or what is not a number, though what it was sent does not. The device has run the rest instead. Look for a fault of the server's engine or hardware, or of a codec; where a model is meant to yield such numbers, set the option NonFiniteOutputs to Accept.") =>
        Output = output;

    /// <summary>The first such output.</summary>
    public string Output { get; }
}
