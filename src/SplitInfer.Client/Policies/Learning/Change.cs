namespace SplitInfer.Client.Policies.Learning;

/// <summary>What an innovation says of the quantity that it was measured on.</summary>
internal enum Change
{
    /// <summary>It is what it was.</summary>
    None,

    /// <summary>It has been moving for a while.</summary>
    Drift,

    /// <summary>It is another one from this measurement on.</summary>
    Jump,
}
