using System.Collections.Immutable;
using System.Security.Cryptography;
using SplitInfer.Client.Arms;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Client;

/// <summary>Puts one server of a client together: its transports, what is told to it, and how its health is watched.</summary>
internal static class ServerComposition
{
    /// <summary>A server; nothing is sent to it yet.</summary>
    /// <param name="options">The client's options.</param>
    /// <param name="arms">The arms.</param>
    /// <param name="policy">Is told round trips and profiles, where it needs them.</param>
    /// <param name="mask">Takes the variants that the server lacks.</param>
    /// <param name="server">What the options say of the server.</param>
    /// <param name="index">Its number.</param>
    /// <param name="reports">What is to be told to it; null where it is told nothing.</param>
    /// <param name="onChange">Told when it becomes usable or unusable.</param>
    /// <param name="roundTrips">Told of round trips as well, where the policy needs them.</param>
    public static ServerHandle Connect(
        SplitInferenceOptions options, ArmCatalog arms, IPartitionPolicy policy, ArmMask mask, ServerOptions server, int index, ReportBuffer? reports, Action<ServerStatus> onChange, RoundTripNews roundTrips)
    {
        if (server.Transport is { } given) return new(server.DisplayName, given, Watch(given, variants: null));
        var transports = CreateTransports(options, arms.Variants, server, reports);
        var variants = transports.Length == 1 ? null : new ServerVariants(
            arms.RemoteVariants, index, mask, (variant, stop) => transports[variant].OpenAsync(stop).AsTask(), () => transports[0].Connections, options.TimeProvider);
        return new(server.DisplayName, [.. transports], Watch(transports[0], variants));

        ServerHealth Watch(ITailTransport transport, ServerVariants? variants) => new(
            transport, server.DisplayName,
            policy.Needs.HasFlag(PolicyNeeds.RoundTrips) ? ObserveRoundTrip : null,
            policy.Needs.HasFlag(PolicyNeeds.ServerProfile) ? tailSeconds => policy.ObserveServerProfile(index, tailSeconds) : null,
            onChange, options.ProbeInterval, options.TimeProvider, variants, NewRandom());

        void ObserveRoundTrip(double seconds)
        {
            policy.ObserveRoundTrip(index, seconds);
            roundTrips.Report(index, seconds);
        }
    }

    /// <summary>What a server is told of the client's requests.</summary>
    public static ReportBuffer CreateReports(IPartitionPolicy policy, int server, TimeProvider time) =>
        new(() => policy.Estimate(server) is { } estimate ? (estimate.RoundTripSeconds, estimate.BitsPerSecond) : (double.NaN, double.NaN), time);

    private static ImmutableArray<RemoteTailTransport> CreateTransports(SplitInferenceOptions options, ImmutableArray<PlannedArmVariant> variants, ServerOptions server, ReportBuffer? reports)
    {
        // Before the connection is rented, which nobody would give back where the application's strategies cannot be used.
        var pipeline = new ServerPipeline(server.DisplayName, options.Transport.Resilience, NewRandom(), options.TimeProvider);
        var connections = options.Connections ?? new();
        return [.. variants.Select(variant => new RemoteTailTransport(
            connections.Rent(server.Address!, options.KnownCodecs, options.Transport, options.TimeProvider, server.Security?.Snapshot()),
            RemoteModelOf(options, variant.Plan, reports), pipeline, isOfFamily: variants.Length > 1))];
    }

    private static RemoteModel RemoteModelOf(SplitInferenceOptions options, PartitionPlan plan, ReportBuffer? reports) => options.IsServerOnly
        ? RemoteModel.Described(options.ModelName, options.ModelVersion, plan, reports)
        : new(options.ModelName, options.ModelVersion, plan) { Reports = reports };

    private static Random NewRandom() => new(RandomNumberGenerator.GetInt32(int.MaxValue));
}
