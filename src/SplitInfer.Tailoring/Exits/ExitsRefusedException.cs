namespace SplitInfer.Tailoring.Exits;

/// <summary>A model can have no exits, or the samples do not suffice for what is asked of them. The message says what would be needed.</summary>
public sealed class ExitsRefusedException : SplitInferException
{
    internal ExitsRefusedException(string message) : base(message) { }
}
