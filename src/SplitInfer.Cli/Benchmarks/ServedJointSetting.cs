using System.Collections.Immutable;
using SplitInfer.Client;
using SplitInfer.Codecs;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Policies;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A variant of a family, planned.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Model">The model.</param>
internal sealed record JointVariant(string Name, PartitionedModel Model);

/// <summary>One setting of one knob, or of none, for all requests.</summary>
/// <param name="Name">In words.</param>
/// <param name="Knobs">The knobs that have it: those of <see cref="ServedJointSettings.Knobs"/>.</param>
/// <param name="Model">The model that runs.</param>
/// <param name="Server">The server that runs the rest; null where the device runs all.</param>
/// <param name="Partition">Where it is cut; null for the device alone.</param>
/// <param name="Codec">What carries the boundary.</param>
/// <param name="Exit">The exit that is asked on the device, from 1 on; 0 for none.</param>
internal sealed record ServedJointSetting(string Name, IReadOnlyList<string> Knobs, PartitionedModel Model, int? Server = null, int? Partition = null, string Codec = ServedJointSettings.Raw, int Exit = 0)
{
    /// <summary>Has a client take it for all requests.</summary>
    /// <param name="options">The options of the client, without servers.</param>
    /// <param name="servers">The servers.</param>
    /// <param name="exits">The file of the exits of the main variant; null where it has none.</param>
    public void Apply(SplitInferenceOptions options, IReadOnlyList<Uri> servers, string? exits)
    {
        if (Exit > 0) options.Exits = exits;
        if (Server is { } server)
        {
            (options.Server, options.Policy, options.Partition, options.Codec) = (servers[server], PolicyNames.Fixed, Partition, Codec);
        }
        else if (Exit > 0)
        {
            options.CustomPolicy = setup => new OneArm(setup.Arms.First(arm => arm.Arm.IsOnDevice && arm.Arm.Exit == Exit).Arm);
        }
        else
        {
            options.Policy = PolicyNames.AllOnDevice;
        }
    }

    /// <summary>Always decides for one arm.</summary>
    private sealed class OneArm(Arm arm) : IPartitionPolicy
    {
        public string Name => PolicyNames.Fixed;

        public PolicyNeeds Needs => PolicyNeeds.None;

        public Decision Decide(in DecisionContext context) => new() { Arm = arm, PredictedSeconds = double.NaN };

        public void Observe(in Outcome outcome)
        {
        }
    }
}

/// <summary>All settings of single knobs, as <see cref="Simulation.RandomWorlds.JointComparison"/> defines them: a knob leaves the others as they are without it.</summary>
internal static class ServedJointSettings
{
    /// <summary>The codec that carries boundaries as they are.</summary>
    public const string Raw = "Raw";

    /// <summary>The knobs.</summary>
    public static ImmutableArray<string> Knobs { get; } = ["variant", "cut", "codec", "exit", "server"];

    /// <summary>Lists them.</summary>
    /// <param name="variants">The variants that lose no more than is acceptable, the main one first.</param>
    /// <param name="exits">Exits of the main one; null where it has none, or they lose more.</param>
    /// <param name="servers">How many servers there are.</param>
    /// <param name="calibration">What codecs lose, file or folder; null where nothing tells.</param>
    /// <param name="minAgreement">How much of the results must stay the same, 0 to 1.</param>
    public static IEnumerable<ServedJointSetting> Of(IReadOnlyList<JointVariant> variants, ModelExits? exits, int servers, string? calibration, double minAgreement)
    {
        var (main, whole) = (variants[0].Model, variants[0].Model.Plan.AllOnServer.Index);
        yield return new("device", Knobs, main);
        yield return new("server 1", Knobs, main, Server: 0, whole);
        foreach (var (name, model) in variants.Skip(1))
        {
            yield return new($"{name} on the device", ["variant"], model);
            yield return new($"{name} on server 1", ["variant"], model, Server: 0, model.Plan.AllOnServer.Index);
        }

        foreach (var cut in main.Plan.Arms.Where(cut => cut.Index > whole && !cut.Boundary.IsEmpty && cut != main.Plan.AllOnDevice)) yield return new($"cut {cut.Index}", ["cut"], main, Server: 0, cut.Index);
        foreach (var codec in CodecRegistry.Default.Names.Where(codec => codec != ServedJointSettings.Raw && MayCarry(main.Plan, codec, calibration, minAgreement))) yield return new($"server 1 by {codec}", ["codec"], main, Server: 0, whole, codec);
        foreach (var (place, exit) in exits?.Exits.Index() ?? [])
        {
            yield return new($"exit at {exit.Partition}, then the device", ["exit"], main, Exit: place + 1);
            yield return new($"exit at {exit.Partition}, then server 1", ["exit"], main, Server: 0, exit.Partition, Exit: place + 1);
        }

        for (var server = 1; server < servers; server++) yield return new($"server {server + 1}", ["server"], main, server, whole);
    }

    private static bool MayCarry(PartitionPlan plan, string codec, string? calibration, double minAgreement)
    {
        try
        {
            return ClientArm.List(plan, new() { AllowedCodecs = new HashSet<string> { codec }, Calibration = calibration, MinAgreement = minAgreement }).Any(arm => arm.Partition == plan.AllOnServer && arm.Codec == codec);
        }
        catch (ArgumentException)
        {
            // It loses too much, wherever the model is cut.
            return false;
        }
    }
}
