using System.Collections.Immutable;
using System.Security.Cryptography;
using SplitInfer.Client.Arms;
using SplitInfer.Client.Attempts;
using SplitInfer.Client.Device;
using SplitInfer.Client.Experience;
using SplitInfer.Client.Families;
using SplitInfer.Client.Servers;
using SplitInfer.Client.State;
using SplitInfer.Client.Telemetry;
using SplitInfer.Client.Transport;
using SplitInfer.Families;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Experience;
using SplitInfer.Segments;

namespace SplitInfer.Client;

/// <summary>Puts a client together: model, plan, segments, arms, policy, servers, executors.</summary>
internal static class ClientComposition
{
    /// <summary>Loads the model on the way.</summary>
    public static ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, CancellationToken cancellationToken) => OwnAsync(options, async () =>
    {
        options.Validate(needsModelPath: true);
        if (options.IsServerOnly)
        {
            var copy = new AbsentCopy(await ModelDescriber.DescribeAsync(options, cancellationToken).ConfigureAwait(false), options.ModelName);
            return await ComposeAsync(options, [new(copy, new SegmentResidency(options.SegmentMemoryBytes).Open(copy))], [], cancellationToken).ConfigureAwait(false);
        }

        if (options.FamilyPath is { } path)
        {
            var warnings = new List<string>();
            var residency = new SegmentResidency(options.SegmentMemoryBytes);
            var variants = await Task.Run(() => FamilyModels.LoadAsync(path, options.Variants, options.Plan, options.Execution.LoggingTo(options.Logger), residency, warnings.Add, cancellationToken), cancellationToken).ConfigureAwait(false);
            return await ComposeAsync(options, ComponentsOf(variants), warnings, cancellationToken).ConfigureAwait(false);
        }

        var model = await Task.Run(() => PartitionedModel.Load(options.ModelPath, options.Plan, options.Execution.LoggingTo(options.Logger)), cancellationToken).ConfigureAwait(false);
        return await ComposeAsync(options, [Component.Of(options, model)], [], cancellationToken).ConfigureAwait(false);
    });

    /// <summary>Takes a model that is loaded already.</summary>
    public static ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, PartitionedModel partitioned, CancellationToken cancellationToken) => OwnAsync(options, () =>
    {
        options.Validate(needsModelPath: false);
        return ComposeAsync(options, [Component.Of(options, partitioned)], [], cancellationToken);
    });

    /// <summary>Creates a client that owns the transports of its options, also where that fails.</summary>
    private static async ValueTask<SplitInferenceClient> OwnAsync(SplitInferenceOptions options, Func<ValueTask<SplitInferenceClient>> create)
    {
        try
        {
            return await create().ConfigureAwait(false);
        }
        catch
        {
            foreach (var server in options.Servers ?? [])
                if (server?.Transport is { } transport) await transport.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static ImmutableArray<Component> ComponentsOf(ImmutableArray<PlannedVariant> variants)
    {
        var accuracies = FamilyModels.Accuracies([.. variants.Select(static variant => variant.Member)]);
        return [.. variants.Select((variant, place) => new Component(new PlannedCopy(variant.Model), variant.Segments)
        {
            Name = variant.Member.Name,
            Arms = new(variant.Model.Plan, accuracies[place], FamilyModels.RelativeSeconds(variant.Member, variants[0].Member)) { IsOfFamily = true },
            Member = variant.Member,
        })];
    }

    private static async ValueTask<SplitInferenceClient> ComposeAsync(SplitInferenceOptions options, ImmutableArray<Component> components, IReadOnlyList<string> warnings, CancellationToken cancellationToken)
    {
        var (plan, codecs, time, listed) = (components[0].Copy.Plan, options.KnownCodecs, options.TimeProvider, options.AllServers);
        var (background, news, execution) = (new BackgroundWork(), new ServerStatusNews(options.Logger), options.Execution.LoggingTo(options.Logger));
        VariantSet? variants = null;
        var handles = new List<ServerHandle>(listed.Count);
        var reports = new List<ReportBuffer?>(listed.Count);
        try
        {
            var exits = ExitFiles.Load(options.Exits, [.. components.Select(static component => component.Copy.Plan)]);
            components = [.. components.Select(component => component.With(exits.TryGetValue(component.Copy.Plan, out var found) ? new(found, component.Copy.Plan) : null, hasForced: components.Length == 1))];
            var arms = ArmCatalog.Create([.. components.Select(static component => component.Arms)], new(options.Codec, options.AllowedCodecs, options.Calibration, options.MinAgreement), codecs, listed.Count);
            variants = new([.. components.Select(component => new ModelVariant(component.Name, new(component.Copy, component.Segments, background, execution) { Exits = component.Exits }, component.Arms.Accuracy, component.Member))]);
            var state = new LearnedState(options.StateDirectory, arms, options.Execution, listed.Select(static server => server.DisplayName));
            foreach (var warning in warnings) state.Warn(warning);
            var mask = new ArmMask();
            var setup = CreateSetup(options, arms, mask, state.Heads.Profile);
            var policy = CreatePolicy(options, arms, setup);
            var learns = policy.Needs != PolicyNeeds.None;
            var roundTrips = new RoundTripNews(listed.Count);
            foreach (var server in listed)
            {
                reports.Add(options.Reports && server.Transport is null ? ServerComposition.CreateReports(policy, handles.Count, time) : null);
                handles.Add(ServerComposition.Connect(options, arms, policy, mask, server, handles.Count, reports[^1], news.Report, roundTrips));
            }

            var servers = new ServerSet([.. handles]);
            var (label, names) = (Label(options, plan), listed.Select(static server => server.DisplayName).ToArray());
            var recorder = new RequestRecorder(label, names, time, reports);
            var sink = new OutcomeSink(servers, policy, mask, learns ? state.Heads : null, recorder);
            var fallsBack = options.FallsBack;
            // Where the device is never to run beside a server, only what has failed is its own to finish.
            var isAlone = options is { Hedge: Hedge.Never, EffectiveObjective: Objective.MostAccurateBy };
            var rescue = !fallsBack || isAlone ? DeadlineRescue.None : options.Races ? DeadlineRescue.Race : DeadlineRescue.Replace;
            var executors = new ExecutorSet(servers, codecs, variants, sink, background, rescue, fallsBack, learns, options.Transport.SilencePatience, options.MaxExtraWork, arms, time);
            var experience = options.EffectiveObjective == Objective.Experience ? ExperienceOf(options, components, variants, state) : null;
            if (learns)
            {
                // Before the first round trip, which it would replace.
                state.Load(policy, experience?.Model.State);
                servers.ProbeIfDue();
            }

            if (!options.IsServerOnly) await new ClientPreparation(options, variants, arms, policy, !servers.All.IsEmpty, state, mask).RunAsync(cancellationToken).ConfigureAwait(false);
            foreach (var warning in state.Warnings) ClientLog.Warning(options.Logger, warning);
            ClientLog.Ready(options.Logger, plan.Model.ToString()[..8], arms.Descriptions.Length, policy.Name, listed.Count);
            var gauges = new ClientGauges(label, names, server => !servers.All[server].Health.IsUnavailable, policy.Estimate);
            return new(options, variants, arms, mask, policy, servers, executors, sink, state, background, news, recorder, gauges, experience) { Setup = setup, RoundTrips = roundTrips };
        }
        catch
        {
            await background.DisposeAsync().ConfigureAwait(false);
            // One whose address cannot be used must not keep the shared connections of those before it.
            foreach (var handle in handles) await handle.DisposeAsync().ConfigureAwait(false);
            if (variants is not null) variants.Dispose();
            else foreach (var component in components) component.Segments.Dispose();
            throw;
        }
    }

    private static ClientExperience ExperienceOf(SplitInferenceOptions options, ImmutableArray<Component> components, VariantSet variants, LearnedState state) => new(
        new(options.Experience, options.TimeProvider),
        components.Select(static component => new VariantFeatures { Accuracy = component.Arms.Accuracy, Bytes = component.Member!.Bytes }),
        variant => variants[variant].Model.WholeSeconds, options.TimeProvider, options.StateDirectory is null ? null : state.SaveExperience);

    /// <summary>What listeners are told that the model is called: its name at the servers, or that of its file.</summary>
    private static string Label(SplitInferenceOptions options, PartitionPlan plan) =>
        options.ModelName is { Length: > 0 } name ? name
        : options.FamilyPath is { } family ? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(family)))!
        : Path.GetFileNameWithoutExtension(options.ModelPath) is { Length: > 0 } file ? file : plan.Model.ToString()[..8];

    private static IPartitionPolicy CreatePolicy(SplitInferenceOptions options, ArmCatalog arms, PolicySetup setup)
    {
        var (servers, plan) = (options.AllServers, arms.Variants[0].Plan);
        var name = options.Policy ?? (options.IsServerOnly ? PolicyNames.AllOnServer : options.Partition is not null ? PolicyNames.Fixed : servers.Count > 0 || arms.Variants.Length > 1 || arms.HasExits ? PolicyNames.MuLinUcb : PolicyNames.AllOnDevice);
        // These may take cuts that are no arms, and say so where the model or the options rule one out.
        if (options.CustomPolicy is null && options.PolicyOptions.Count == 0)
        {
            if (name == PolicyNames.AllOnServer) return PolicyCatalog.CreateFixed(name, arms.RequireNamed(plan.AllOnServer.Index));
            if (name == PolicyNames.Fixed)
            {
                return PolicyCatalog.CreateFixed(name, arms.RequireFixed(options.Partition
                    ?? throw new ArgumentException($"Policy '{name}' needs a partition. Set {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.Partition)} to one of {string.Join(", ", plan.Arms.Select(static a => a.Index))}.", nameof(options))));
            }
        }

        if (options.CustomPolicy is not { } create) return PolicyCatalog.Create(name, setup, options.PolicyOptions);
        return create(setup) ?? throw new ArgumentException($"{nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.CustomPolicy)} made no policy. Return one, or leave the option out.", nameof(options));
    }

    private static PolicySetup CreateSetup(SplitInferenceOptions options, ArmCatalog arms, ArmMask mask, HeadProfile heads) => new()
    {
        Arms = arms.Descriptions,
        Codecs = arms.CodecNames,
        Heads = heads,
        Servers = [.. options.AllServers.Select(static server => new ServerSetup { Name = server.DisplayName })],
        Mask = mask,
        CanRace = options.Races,
        Hedge = options.Hedge,
        IsSingleCore = Environment.ProcessorCount == 1,
        Seed = options.Seed ?? RandomNumberGenerator.GetInt32(int.MaxValue),
        Time = options.TimeProvider,
        Prior = options.Prior,
        Constraints = new() { MinCut = options.Plan.MinDepth, MaxUploadBytes = options.Plan.MaxUploadBytes ?? long.MaxValue },
    };

    /// <summary>What a client is made of for one model.</summary>
    /// <param name="Copy">What the device knows of the model.</param>
    /// <param name="Segments">Its segments.</param>
    private sealed record Component(ModelCopy Copy, SegmentSet Segments)
    {
        /// <summary>The name of the variant; empty where there is no family.</summary>
        public string Name { get; init; } = "";

        /// <summary>What its arms are made of.</summary>
        public PlannedArmVariant Arms { get; init; } = new(Copy.Plan);

        /// <summary>What the family says of it; null where there is none.</summary>
        public FamilyVariant? Member { get; init; }

        /// <summary>Its exits; null where it has none.</summary>
        public DeviceExits? Exits { get; private init; }

        /// <summary>The same with exits.</summary>
        /// <param name="exits">The exits; null for none.</param>
        /// <param name="hasForced">Whether they may be asked to answer however sure they are. In a family accuracies are those of variants, and nothing says when they may.</param>
        public Component With(DeviceExits? exits, bool hasForced) =>
            exits is null ? this : this with { Exits = exits, Arms = Arms with { Exits = [.. ArmExit.Of(exits.Exits).Where(exit => hasForced || !exit.IsForced)] } };

        public static Component Of(SplitInferenceOptions options, PartitionedModel model) =>
            new(new PlannedCopy(model), new SegmentResidency(options.SegmentMemoryBytes).Open(new SegmentCompiler(model, options.Execution.LoggingTo(options.Logger))));
    }
}
