namespace SplitInfer.Simulation.Crowds;

/// <summary>Who chooses for the clients.</summary>
public enum CrowdContender
{
    /// <summary>The default policy, which hears the prices of the servers.</summary>
    Shared,

    /// <summary>The default policy without prices: every client takes what is best for itself.</summary>
    Selfish,

    /// <summary>Each client learns alone by the published μLinUCB, features scaled, since it learns nothing otherwise.</summary>
    Published,

    /// <summary>Everything on the devices.</summary>
    AllOnDevice,

    /// <summary>Everything on the servers, which clients are dealt out to in turn.</summary>
    AllOnServer,

    /// <summary>The best fixed arms of all clients together that a search finds which knows the world.</summary>
    Optimum,
}
