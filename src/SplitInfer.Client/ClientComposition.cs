using SplitInfer.Client.Policies;
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
    public static async ValueTask<SplitInferenceClient> CreateAsync(SplitInferenceOptions options, PartitionedModel partitioned, CancellationToken cancellationToken)
    {
        var codec = CodecOf(options);
        var segments = new SegmentCache(new SegmentCompiler(partitioned, options.Execution), options.SegmentMemoryBytes);
        var model = new ClientModel(partitioned, segments, codec);
        try
        {
            var policy = PolicyFactory.Create(options, model);
            if (options.PreloadArms) await model.PreloadAsync(cancellationToken).ConfigureAwait(false);
            return new(options, model, policy, TransportOf(options, model.Plan));
        }
        catch
        {
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
