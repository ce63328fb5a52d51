namespace SplitInfer.Tailoring.Surgery;

/// <summary>A transformation cannot be made of this model, for the reason that the message states. The model is as it was.</summary>
public sealed class TransformationRefusedException : SplitInferException
{
    internal TransformationRefusedException(string transformation, string source, string reason)
        : base($"{source}: no {transformation}: {reason}.") => (Transformation, Reason) = (transformation, reason);

    /// <summary>The transformation, by its name.</summary>
    public string Transformation { get; }

    /// <summary>Why it cannot be made, in words for people, without the name of the model.</summary>
    public string Reason { get; }
}
