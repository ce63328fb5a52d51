namespace SplitInfer.Policies;

/// <summary>The names by which people choose a policy.</summary>
public static class PolicyNames
{
    /// <summary>The default: learns link, server and device apart, follows changes, explores in races.</summary>
    public const string MuLinUcb = "MuLinUcb";

    /// <summary>μLinUCB as published.</summary>
    public const string MuLinUcbPaper = "MuLinUcbPaper";

    /// <summary>LinUCB without forced samples.</summary>
    public const string LinUcb = "LinUcb";

    /// <summary>The arm that looks best, and a random one now and then.</summary>
    public const string EpsilonGreedy = "EpsilonGreedy";

    /// <summary>An offline profile of the server and a measured bandwidth.</summary>
    public const string Neurosurgeon = "Neurosurgeon";

    /// <summary>MDInference's selection of a model under a deadline, as published.</summary>
    public const string MdInferencePaper = "MdInferencePaper";

    /// <summary>One partition, given by option.</summary>
    public const string Fixed = "Fixed";

    /// <summary>Everything on the device.</summary>
    public const string AllOnDevice = "AllOnDevice";

    /// <summary>Everything on the server.</summary>
    public const string AllOnServer = "AllOnServer";

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<string> All { get; } =
        [MuLinUcb, MuLinUcbPaper, LinUcb, EpsilonGreedy, Neurosurgeon, MdInferencePaper, Fixed, AllOnDevice, AllOnServer];
}
