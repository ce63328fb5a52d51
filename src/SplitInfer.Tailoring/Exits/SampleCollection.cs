using System.Collections.Immutable;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Runs a model on all samples, as far as is needed, several at a time.</summary>
internal sealed class SampleCollection(PartitionedModel model, ISampleSource samples, ExitOptions options, IProgress<ExitProgress>? progress)
{
    /// <summary>The model's own scores for each sample.</summary>
    public async Task<float[][]> ScoresAsync(CancellationToken cancellationToken)
    {
        var scores = new float[samples.Count][];
        using var chain = SegmentChain.Load(model, [], toTheEnd: true, options.Execution);
        await EachAsync(chain, "Running the model", (sample, outputs) => scores[sample] = ModelAnswers.ScoresOf(outputs[0]), cancellationToken).ConfigureAwait(false);
        return scores;
    }

    /// <summary>The features of each sample at a cut.</summary>
    public async Task<FeatureTable> FeaturesAsync(Partition partition, ImmutableArray<ExitFeatures> features, CancellationToken cancellationToken)
    {
        var table = new FeatureTable(samples.Count, features.Sum(static value => value.Count));
        var scratch = features.Max(FeaturePooling.ScratchOf);
        using var chain = SegmentChain.Load(model, [partition.Index], toTheEnd: false, options.Execution);
        await EachAsync(chain, $"Running the model up to cut {partition.Index}", (sample, boundary) => ExitHead.Pool(features.AsSpan(), boundary, table[sample], new float[scratch]), cancellationToken).ConfigureAwait(false);
        return table;
    }

    private Task EachAsync(SegmentChain chain, string what, Action<int, TensorValue[]> take, CancellationToken cancellationToken)
    {
        var done = 0;
        return Parallel.ForAsync(0, samples.Count, new ParallelOptions { MaxDegreeOfParallelism = options.MaxConcurrency, CancellationToken = cancellationToken }, (sample, cancellation) =>
        {
            TensorValue[] inputs = samples.Read(sample, model.Plan.Inputs), left = [];
            try
            {
                left = chain.Run(0, inputs, cancellation);
                take(sample, left);
            }
            finally
            {
                foreach (var tensor in inputs.Concat(left)) tensor.Dispose();
            }

            progress?.Report(new(what, Interlocked.Increment(ref done), samples.Count));
            return ValueTask.CompletedTask;
        });
    }
}
