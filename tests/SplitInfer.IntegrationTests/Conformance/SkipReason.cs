namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>Why an operator model is not cut.</summary>
internal static class SkipReason
{
    public const string TooSmall = "it has fewer than two compute nodes, so there is nothing to cut between";
    public const string Refused = "ONNX Runtime refuses it as it is";
    public const string NoTensor = "it takes or yields a sequence or an optional";
    public const string OtherType = "a supplied tensor is not of the type that the model declares";
    public const string Random = "it draws random numbers";

    /// <summary>How many models of Debian's package may be skipped for each reason.</summary>
    public static IReadOnlyDictionary<string, int> Most { get; } = new Dictionary<string, int>
    {
        [TooSmall] = 880, [Refused] = 90, [NoTensor] = 30, [OtherType] = 8, [Random] = 8,
    };
}
