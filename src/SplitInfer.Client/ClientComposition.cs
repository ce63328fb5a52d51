using SplitInfer.Client.Arms;
using SplitInfer.Client.Offloading;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.Fixed;
using SplitInfer.Client.Profiling;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Segments;

namespace SplitInfer.Client;

/// <summary>Puts a client together: model, plan, segments, codec, policy, transport.</summary>
internal static class ClientComposition
{
    /// <summary>Loads the model on the way.</summary>
    public static async ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, CancellationToken cancellationToken)
    {
        var model = await Task.Run(() => PartitionedModel.Load(options.ModelPath, options.Plan, options.Execution), cancellationToken).ConfigureAwait(false);
        return await CreateAsync(options, model, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a model that is loaded already.</summary>
    /// <param name="options">How the client works.</param>
    /// <param name="partitioned">The model.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="transport">Carries boundaries in place of a connection to <see cref="SplitInferenceOptions.Server"/>; the client owns it.</param>
    public static async ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, PartitionedModel partitioned, CancellationToken cancellationToken, ITailTransport? transport = null)
    {
        var arms = ArmCatalog.Create(partitioned.Plan, options, CodecRegistry.Default);
        var segments = new SegmentResidency(options.SegmentMemoryBytes).Open(new SegmentCompiler(partitioned, options.Execution));
        var model = new ClientModel(partitioned, segments, arms, CodecRegistry.Default, options.Execution);
        TailStage? tails = null;
        try
        {
            var memory = new ClientMemory(options, model);
            var policy = PolicyFactory.Create(options, model, memory.Heads.Profile);
            transport ??= TransportOf(options, model.Plan);
            tails = transport is null ? null : new(transport, policy, model.Mask, options.ProbeInterval, options.TimeProvider);
            var learns = policy is not FixedPolicy;
            if (learns) tails?.Watch.Visit();
            if (options.PreloadArms) await LoadAsync(static () => false).ConfigureAwait(false);
            if (learns)
            {
                var start = options.TimeProvider.GetTimestamp();
                if (tails is not null && options is { Codec: null, Calibration: null }) memory.Warn(LosslessOnly);
                memory.Load(policy);
                await new HeadProfiler(model, options.TimeProvider).MeasureAsync(memory.Heads.Profile, options.ProfilingBudget, memory.Warn, cancellationToken).ConfigureAwait(false);
                memory.Save();
                if (!options.PreloadArms) await LoadAsync(() => options.TimeProvider.GetElapsedTime(start) >= options.ProfilingBudget).ConfigureAwait(false);
            }

            return new(options, model, policy, tails, memory);

            async ValueTask LoadAsync(Func<bool> isEnough)
            {
                await model.PreloadAsync(withTails: learns && tails is not null && options.Races, isEnough, cancellationToken).ConfigureAwait(false);
                if (tails is null) return;
                await Task.Run(() => CodecWarmUp.Run(model.Arms.Codecs, isEnough), cancellationToken).ConfigureAwait(false);
                if (learns && options.Races) await Task.Run(() => Rehearsal.RunAsync(model, policy.Name, isEnough, cancellationToken).AsTask(), cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            if (tails is not null) await tails.DisposeAsync().ConfigureAwait(false);
            model.Dispose();
            throw;
        }
    }

    private const string LosslessOnly =
        "Boundaries are sent without loss, since nothing tells what a lossy codec would do to the results. Run 'splitinfer calibrate' on samples and name its file, or name a codec.";

    private static RemoteTailTransport? TransportOf(SplitInferenceOptions options, PartitionPlan plan) => options.Server is null
        ? null
        : new(options.Server, options.ModelName, options.ModelVersion, plan, CodecRegistry.Default, options.Transport, options.TimeProvider);
}
