using SplitInfer.Fleet.Names;

namespace SplitInfer.Fleet;

/// <summary>How a server reaches the coordinator of its region.</summary>
public sealed class FleetClientOptions
{
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromSeconds(0.05), LongestTimeout = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The coordinator: <c>redis://HOST:PORT/REGION</c> for silos that are found through Redis (with <c>USER:PASSWORD@</c> before the host where it asks for one; <c>rediss://</c>
    /// with TLS), or <c>orleans://HOST:PORT/REGION</c> for one silo and the port of its gateway. Behind the region may stand a set of models, <c>/MODELS</c>, where a region has more
    /// servers than one grain is to price. Has to be set.
    /// </summary>
    public Uri? Coordinator { get; set; }

    /// <summary>How long one call may take, 0.05 s to 1 min; default 1 s. No request waits for it.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks the options. A host does so when it starts.</summary>
    /// <exception cref="ArgumentException">One cannot be used; the message names it.</exception>
    public void Validate()
    {
        if (!FleetAddress.TryParse(Coordinator, out _)) throw new ArgumentException($"{nameof(Coordinator)} is {(Coordinator is null ? "not set" : $"of the scheme '{(Coordinator.IsAbsoluteUri ? Coordinator.Scheme : "")}' and names no coordinator")}; give {FleetAddress.Rule}. Names of regions are {FleetName.Rule}.");
        if (Timeout < LeastTimeout || Timeout > LongestTimeout) throw new ArgumentException($"{nameof(Timeout)} is {Timeout}; it can be from {LeastTimeout} to {LongestTimeout}.");
    }

    /// <summary>The address, once the options are valid.</summary>
    internal FleetAddress Address => FleetAddress.TryParse(Coordinator, out var address) ? address : throw new InvalidOperationException($"{nameof(Coordinator)} was not checked.");
}
