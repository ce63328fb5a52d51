using SplitInfer.Client.Offloading;
using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.Fixed;
using SplitInfer.Client.Profiling;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Execution;
using SplitInfer.Partitioning;

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
        var codec = CodecOf(options);
        var segments = new SegmentCache(new SegmentCompiler(partitioned, options.Execution), options.SegmentMemoryBytes);
        var model = new ClientModel(partitioned, segments, codec);
        TailStage? tails = null;
        try
        {
            var memory = new ClientMemory(options, model);
            var policy = PolicyFactory.Create(options, model, memory.Heads.Profile);
            transport ??= TransportOf(options, model.Plan);
            tails = transport is null ? null : new(transport, policy, options.ProbeInterval, options.TimeProvider);
            var learns = policy is not FixedPolicy;
            if (learns)
            {
                tails?.Watch.Visit();
                memory.Load(policy);
                await new HeadProfiler(model, options.TimeProvider).MeasureAsync(memory.Heads.Profile, options.ProfilingBudget, memory.Warn, cancellationToken).ConfigureAwait(false);
                memory.Save();
            }

            if (options.PreloadArms) await model.PreloadAsync(withTails: learns && tails is not null, cancellationToken).ConfigureAwait(false);
            return new(options, model, policy, tails, memory);
        }
        catch
        {
            if (tails is not null) await tails.DisposeAsync().ConfigureAwait(false);
            model.Dispose();
            throw;
        }
    }

    private static ITensorCodec CodecOf(SplitInferenceOptions options) => CodecRegistry.Default.TryGet(options.Codec, out var codec)
        ? codec
        : throw new ArgumentException($"There is no codec '{options.Codec}'. The codecs are: {string.Join(", ", CodecRegistry.Default.Names)}.", nameof(options));

    private static RemoteTailTransport? TransportOf(SplitInferenceOptions options, PartitionPlan plan) => options.Server is null
        ? null
        : new(options.Server, options.ModelName, options.ModelVersion, plan, CodecRegistry.Default, options.Transport, options.TimeProvider);
}
