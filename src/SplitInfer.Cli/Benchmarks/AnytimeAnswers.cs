using System.Numerics.Tensors;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What a model and each of its exits answer to some samples, computed beforehand: the model's own answer has the number 0, those of the exits 1 and more.</summary>
internal sealed class AnytimeAnswers
{
    // Of the largest score, at least of 1: what rounding makes of it in another order.
    private const float Tolerance = 1e-3f;

    private readonly float[][][] _scores;
    private readonly IReadOnlyList<int>? _classes;

    private AnytimeAnswers(float[][][] scores, IReadOnlyList<int>? classes) => (_scores, _classes) = (scores, classes);

    /// <summary>Computes them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exits">Its exits.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="classes">The right class of each; null for what the model answers.</param>
    /// <param name="onStep">Called as the model or an exit has answered all samples.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static AnytimeAnswers Compute(PartitionedModel model, ModelExits exits, IReadOnlyList<TensorValue[]> samples, IReadOnlyList<int>? classes, Action onStep, CancellationToken cancellationToken)
    {
        var scores = samples.Select(_ => new float[exits.Exits.Length + 1][]).ToArray();
        Each(model.Plan.AllOnServer.Index, 0, static (cut, sample) =>
        {
            var outputs = cut.Run(sample);
            var own = outputs[0].Span<float>().ToArray();
            Release(outputs);
            return own;
        });
        foreach (var (place, exit) in exits.Exits.Index())
        {
            var head = new ExitHead(exits, exit);
            Each(exit.Partition, place + 1, (cut, sample) =>
            {
                var (boundary, said) = (cut.MakeBoundary(sample), new float[exits.Classes]);
                head.Evaluate(boundary, said);
                Release(boundary);
                return said;
            });
        }

        return new(scores, classes);

        void Each(int partition, int exit, Func<LoadedCut, TensorValue[], float[]> answer)
        {
            using var cut = LoadedCut.Load(model, partition, new() { IntraOpThreads = 1 });
            for (var sample = 0; sample < samples.Count; sample++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                scores[sample][exit] = answer(cut, samples[sample]);
            }

            onStep();
        }
    }

    /// <summary>Whether the class of an answer is the right one.</summary>
    public bool IsRight(int sample, int exit) => IsRight(sample, _scores[sample][exit]);

    /// <summary>Whether the class of an output is the right one.</summary>
    public bool IsRight(int sample, TensorValue output) => IsRight(sample, output.Span<float>());

    /// <summary>Whether an output is an answer, but for how numbers are rounded.</summary>
    public bool IsAnswer(int sample, int exit, TensorValue output)
    {
        if (exit >= _scores[sample].Length || output.ElementType != ElementType.Float32 || output.Shape.ElementCount != _scores[sample][exit].Length) return false;
        var expected = _scores[sample][exit];
        var given = output.Span<float>();
        var most = Tolerance * Math.Max(1, Math.Abs(TensorPrimitives.MaxMagnitude<float>(expected)));
        for (var i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - given[i]) <= most)) return false;
        return true;
    }

    private bool IsRight(int sample, ReadOnlySpan<float> scores) => TensorPrimitives.IndexOfMax(scores) == (_classes is { } classes ? classes[sample] : TensorPrimitives.IndexOfMax<float>(_scores[sample][0]));

    private static void Release(TensorValue[] tensors)
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }
}
