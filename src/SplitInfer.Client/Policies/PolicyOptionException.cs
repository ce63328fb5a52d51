namespace SplitInfer.Client.Policies;

/// <summary>A policy cannot be made as it was asked for: an unknown name or option, a value out of range, or constraints that rule everything out.</summary>
public sealed class PolicyOptionException : SplitInferException
{
    internal PolicyOptionException(string message) : base(message) { }
}
