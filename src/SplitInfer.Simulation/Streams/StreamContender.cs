namespace SplitInfer.Simulation.Streams;

/// <summary>Who chooses in a stream.</summary>
public enum StreamContender
{
    /// <summary>The planner: several routes side by side.</summary>
    Planner,

    /// <summary>All on the device.</summary>
    AllOnDevice,

    /// <summary>All on the server, one frame at a time.</summary>
    AllOnServer,

    /// <summary>All on the server, as many frames in flight as keep the link busy.</summary>
    AllOnServerPipelined,

    /// <summary>Neurosurgeon, one frame at a time.</summary>
    Neurosurgeon,

    /// <summary>MuLinUcb, one frame at a time.</summary>
    MuLinUcb,

    /// <summary>The best single arm with several frames in flight, found by playing.</summary>
    BestFixedPipelined,
}
