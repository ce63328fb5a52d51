namespace SplitInfer.Client;

/// <summary>Where a result was computed.</summary>
public enum InferenceSource
{
    /// <summary>The head on the device, the tail on the server.</summary>
    Split,

    /// <summary>Everything on the device.</summary>
    Device,

    /// <summary>Everything on the server.</summary>
    Server,
}
