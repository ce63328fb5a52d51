namespace SplitInfer.Client.Policies;

/// <summary>The names by which policies are chosen.</summary>
public static class PolicyNames
{
    /// <summary>Always the partition that <see cref="SplitInferenceOptions.Partition"/> names.</summary>
    public const string Fixed = "Fixed";

    /// <summary>Always everything on the device.</summary>
    public const string AllOnDevice = "AllOnDevice";

    /// <summary>Always everything on the server.</summary>
    public const string AllOnServer = "AllOnServer";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Fixed, AllOnDevice, AllOnServer];
}
