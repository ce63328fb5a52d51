using System.Numerics.Tensors;
using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Exits;

/// <summary>Tries exits on samples that they were not made with: how many leave early, how many answers stay the same, and what time that takes, beside the model in one piece.</summary>
public static class ExitTester
{
    /// <summary>Tries exits, one sample after the other.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exits">Its exits.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="options">How they are tried; null for the defaults.</param>
    /// <param name="progress">Receives the number of samples tried; null if not needed.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ArgumentException">An option is invalid, there are no samples, or there are not as many labels as samples.</exception>
    /// <exception cref="InvalidExitsException">The exits are of another model.</exception>
    /// <exception cref="SplitInferException">A sample or a label does not fit, or the model does not run on it.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static ExitTestReport Run(PartitionedModel model, ModelExits exits, ISampleSource samples, ExitTestOptions? options = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(exits);
        ArgumentNullException.ThrowIfNull(samples);
        options ??= new();
        options.Validate();
        if (samples.Count < 1) throw new ArgumentException("There are no samples; give at least one.", nameof(samples));
        if (options.Labels is { } labels && labels.Count != samples.Count) throw new ArgumentException($"{nameof(ExitTestOptions.Labels)} has {labels.Count} classes for {samples.Count} samples; give one for each.", nameof(options));
        exits.RequireFor(model.Plan);
        foreach (var (sample, label) in options.Labels?.Index() ?? [])
            if (label < 0 || label >= exits.Classes) throw new TensorMismatchException($"The label {label} of sample {sample + 1} is none of the {exits.Classes} classes of the model; labels begin at 0.");

        using var whole = SegmentChain.Load(model, [], toTheEnd: true, options.Execution);
        using var cascade = new ExitCascade(model, exits, options.Execution);
        var tally = new ExitTally([.. exits.Exits.Select(static exit => exit.Partition)]);
        for (var sample = -1; sample < samples.Count; sample++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var inputs = samples.Read(Math.Max(0, sample), model.Plan.Inputs);
            try
            {
                // Which one goes first makes a difference, so each does every other time.
                var (early, earlyMs) = sample % 2 == 0 ? Time(() => cascade.Run(inputs, cancellationToken)) : default;
                var (full, fullMs) = Time(() => ClassOf(whole, inputs, cancellationToken));
                if (sample % 2 != 0) (early, earlyMs) = Time(() => cascade.Run(inputs, cancellationToken));
                // The first run of a session does what no later one does.
                if (sample < 0) continue;
                tally.Add(early.Exit, early.Class == full, options.Labels is { } right ? (early.Class == right[sample], full == right[sample]) : null, earlyMs, fullMs);
            }
            finally
            {
                foreach (var tensor in inputs) tensor.Dispose();
            }

            progress?.Report(sample + 1);
        }

        return tally.Report();

        (T Result, double Ms) Time<T>(Func<T> run)
        {
            var began = options.TimeProvider.GetTimestamp();
            var result = run();
            return (result, options.TimeProvider.GetElapsedTime(began).TotalMilliseconds);
        }
    }

    private static int ClassOf(SegmentChain whole, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var outputs = whole.Run(0, inputs, cancellationToken);
        var best = TensorPrimitives.IndexOfMax<float>(ModelAnswers.ScoresOf(outputs[0]));
        foreach (var output in outputs) output.Dispose();
        return best;
    }
}
