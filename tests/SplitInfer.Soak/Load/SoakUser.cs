using SplitInfer.Client;
using SplitInfer.Client.Transport;

namespace SplitInfer.Soak.Load;

/// <summary>How one of the users of the soak uses a model.</summary>
/// <param name="Model">Which.</param>
/// <param name="Policy">By which policy; null takes a partition in the middle.</param>
/// <param name="Codec">In which codec; null leaves it to the policy.</param>
/// <param name="Deadline">By when an answer is of use; null for ever.</param>
/// <param name="Tolerance">How far an answer may be from the device's.</param>
internal sealed record SoakUser(string Model, string? Policy, string? Codec = null, TimeSpan? Deadline = null, double Tolerance = 1e-4)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SoakUser> All { get; } =
    [
        new("detector", Policies.PolicyNames.MuLinUcb, Deadline: Long),
        new("detector", null),
        new("unet", Policies.PolicyNames.MuLinUcb),
        new("unet", null, "ZeroBitmapEntropy", Long),
        new("lstm_tagger", Policies.PolicyNames.EpsilonGreedy),
        new("lstm_tagger", null, "Lz4"),
        new("detector", Policies.PolicyNames.Neurosurgeon, "ZeroBitmap"),
        new("unet", null, "Float16", Long, Tolerance: 0.05),
        new("unet", Policies.PolicyNames.AllOnServer),
    ];

    /// <summary>What a client of this user is made with.</summary>
    /// <param name="server">The server.</param>
    /// <param name="partitions">Partitions that the model has.</param>
    /// <param name="connections">Connections that are shared with other users; null for the user's own.</param>
    /// <param name="state">Where what was learned is kept.</param>
    public SplitInferenceOptions Options(Uri server, int partitions, SharedConnections? connections, string state)
    {
        var options = new SplitInferenceOptions
        {
            Server = server,
            Policy = Policy,
            Codec = Codec,
            Deadline = Deadline,
            Connections = connections,
            StateDirectory = state,
            ProfilingBudget = TimeSpan.FromMilliseconds(50),
            Transport = new() { ConnectTimeout = TimeSpan.FromSeconds(2), NoProgressTimeout = TimeSpan.FromSeconds(1), StallTimeout = TimeSpan.FromSeconds(1) },
        };
        if (Policy is null) options.Partition = partitions / 2;
        options.Execution.IntraOpThreads = 1;
        return options;
    }
}
