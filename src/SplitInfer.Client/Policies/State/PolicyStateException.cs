namespace SplitInfer.Client.Policies.State;

/// <summary>Saved state of a policy cannot be used: it is damaged, of another release, or of another model, server or choice of arms.</summary>
public sealed class PolicyStateException : SplitInferException
{
    internal PolicyStateException(string message, Exception? inner = null) : base(message, inner) { }
}
