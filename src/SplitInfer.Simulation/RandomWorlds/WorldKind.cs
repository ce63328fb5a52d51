namespace SplitInfer.Simulation.RandomWorlds;

/// <summary>What is particular about a random world.</summary>
public enum WorldKind
{
    /// <summary>Nothing changes.</summary>
    Steady,

    /// <summary>Nothing changes, and the server is slower than the device.</summary>
    SlowServer,

    /// <summary>The device alone is faster than anything else, by 0.5 to 5 %.</summary>
    DeviceBarelyWins,

    /// <summary>The device alone is slower than the best split, by 0.5 to 5 %.</summary>
    SplitBarelyWins,

    /// <summary>Bandwidth and round trip change a few times.</summary>
    LinkSteps,

    /// <summary>Bandwidth falls or rises for many frames, and goes back.</summary>
    LinkRamp,

    /// <summary>The link collapses for a frame or a few, now and then.</summary>
    LinkSpikes,

    /// <summary>Bandwidth wanders all the time.</summary>
    LinkTrace,

    /// <summary>The server is slow for a while.</summary>
    ServerSlowdown,

    /// <summary>The device is slow for a while.</summary>
    DeviceSlowdown,

    /// <summary>Link, server and device change, each at its own times.</summary>
    Mixed,
}
