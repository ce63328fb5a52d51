namespace SplitInfer.Client.Simulation;

/// <summary>The terms of a delay that scatter on their own.</summary>
internal enum NoiseTerm
{
    /// <summary>What runs on the device.</summary>
    Head,

    /// <summary>The round trip of a request.</summary>
    RoundTrip,

    /// <summary>The payload on the link.</summary>
    Transfer,

    /// <summary>What runs on the server.</summary>
    Tail,

    /// <summary>The round trip of a probe.</summary>
    Probe,
}
