using System.Collections.Immutable;
using SplitInfer.Client.Device;
using SplitInfer.Partitioning;
using SplitInfer.Policies;
using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Client.Profiling;

/// <summary>Measures the heads of the arms, each as the whole prefix that it is, on made-up inputs.</summary>
/// <param name="variants">The models on the device.</param>
/// <param name="partitionsOf">By variant: the partitions of its arms, rising; the last one runs everything on the device.</param>
/// <param name="onUnloadable">Called with variant, partition and the reason where a head cannot be loaded.</param>
/// <param name="time">The clock.</param>
internal sealed class HeadProfiler(VariantSet variants, Func<int, ImmutableArray<Partition>> partitionsOf, Action<int, int, string> onUnloadable, TimeProvider time)
{
    private const int Runs = 3;

    // Beyond the budget, which the first measurement may outlast: a model may run for ever.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Measures what the profile lacks: the whole models first, then of each the arm in the middle of those measured and so on, so that
    /// whatever is left out lies between neighbours.
    /// </summary>
    /// <param name="profile">Where the delays go.</param>
    /// <param name="budget">No measurement but those of whole models begins later than this.</param>
    /// <param name="warn">Told why nothing could be measured, if so.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask MeasureAsync(HeadProfile profile, TimeSpan budget, Action<string> warn, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(budget + Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        TensorValue[] inputs = [];
        try
        {
            inputs = variants.Main.MakeInputs();
            foreach (var (variant, arm) in Order())
            {
                var model = variants[variant].Model;
                if (profile.IsMeasured(variant, arm.Index))
                {
                    if (arm == model.Plan.AllOnDevice && model.WholeSeconds <= 0) model.RecordWhole(profile.SecondsOf(variant, arm.Index));
                    continue;
                }

                if (arm != model.Plan.AllOnDevice && time.GetElapsedTime(start) >= budget) return;
                try
                {
                    profile.Record(variant, arm.Index, await MeasureAsync(model, arm, inputs, either.Token).ConfigureAwait(false));
                }
                catch (SegmentLoadException error) when (arm != model.Plan.AllOnDevice)
                {
                    onUnloadable(variant, arm.Index, error.Message);
                }
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            warn($"The device could not be measured: the model ran for more than {(budget + Patience).TotalSeconds} s on made-up inputs. It is measured while requests run.");
        }
        catch (SplitInferException error)
        {
            warn($"The device could not be measured on made-up inputs, so that it is while requests run: {error.Message}");
        }
        finally
        {
            foreach (var input in inputs) input.Dispose();
        }
    }

    // In turns, so that each has the same share of the budget.
    private IEnumerable<(int Variant, Partition Partition)> Order() => variants.All
        .SelectMany((_, variant) => MeasuringOrder.CoarseFirst(partitionsOf(variant).Length).Select((index, turn) => (Turn: turn, Variant: variant, Partition: partitionsOf(variant)[index])))
        .OrderBy(static measurement => measurement.Turn).Select(static measurement => (measurement.Variant, measurement.Partition));

    private async ValueTask<double> MeasureAsync(LocalModel model, Partition arm, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var seconds = new double[Runs];
        for (var run = 0; run < Runs; run++)
        {
            var (outputs, duration) = await model[arm.Index].RunHeadAsync(inputs, new(time), cancellationToken).ConfigureAwait(false);
            foreach (var output in outputs) output.Dispose();
            seconds[run] = duration.TotalSeconds;
        }

        var median = HeadProfileUpdater.MedianOf(seconds);
        if (arm == model.Plan.AllOnDevice) model.RecordWhole(median);
        return median;
    }
}
