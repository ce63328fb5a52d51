using SplitInfer.Execution;
using SplitInfer.Models.Onnx;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.LinearAlgebra;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Pruning;

/// <summary>
/// Gives the layers behind a change of a graph weights with which they yield, of what they read now, as nearly as can be what they yielded before:
/// ridge regression on samples, layer by layer in order, so that each makes up for what those before it could not.
/// </summary>
internal sealed class ClosedFormRepair(GraphEdit original, GraphEdit changed, ISampleSource samples, IReadOnlyList<TensorSpec> inputs, ExecutionOptions execution)
{
    private const int RowsForEachWeight = 4;
    private const int LeastRows = 16384;
    private const int Seed = 1;

    // More take minutes and gigabytes each.
    private const int MostInputs = 6144;

    /// <summary>Repairs layers.</summary>
    /// <param name="layers">By node of the changed graph: the node of the original that it stands for, and the channels of its output that are left; in order.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public void Repair(IReadOnlyList<(NodeProto Changed, NodeProto Original, int[] Outputs)> layers, CancellationToken cancellationToken)
    {
        // Layers that read the same value see the same graph before them.
        foreach (var stage in layers.GroupBy(static l => l.Changed.Input[0])) RepairStage(stage.Key, [.. stage], cancellationToken);
    }

    private void RepairStage(string value, (NodeProto Changed, NodeProto Original, int[] Outputs)[] layers, CancellationToken cancellationToken)
    {
        var repairs = layers.Select(layer => (layer.Changed, layer.Original, layer.Outputs, Weights: ProductWeights.Of(changed, layer.Changed)!, Patches: Patches.Of(layer.Changed, changed.ConstantOf(layer.Changed.Input[1])!.Dims))).Where(static r => r.Patches is not null && r.Weights.Inputs * r.Weights.Kernel <= MostInputs).ToArray();
        if (repairs.Length == 0) return;
        RidgeRegression[] regressions = [.. repairs.Select(static r => new RidgeRegression([.. Enumerable.Range(0, r.Weights.Outputs).Select(o => (float[])[.. r.Weights.RowOf(o, [.. Enumerable.Range(0, r.Weights.Inputs)]), r.Weights.Bias[o]])]))];
        using var before = TruncatedModel.Load(original, [.. repairs.Select(static r => r.Original.Output[0])], execution);
        using var now = changed.IsInput(value) ? null : TruncatedModel.Load(changed, [value], execution);
        var random = new Random(Seed);
        for (var sample = 0; sample < samples.Count; sample++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var targets = TruncatedModel.Run(before, samples, sample, inputs, cancellationToken);
            var read = now is null ? samples.Read(sample, inputs) : TruncatedModel.Run(now, samples, sample, inputs, cancellationToken);
            var fed = now is null ? read[inputs.Select(static i => i.Name).ToList().IndexOf(value)] : read[0];
            for (var i = 0; i < repairs.Length; i++)
            {
                var (repair, target) = (repairs[i], targets[i]);
                var places = Patches.PlacesOf(target.Shape);
                var wanted = (Math.Max(LeastRows, RowsForEachWeight * regressions[i].Inputs) / samples.Count) + 1;
                for (var row = 0; row < Math.Min(wanted, places); row++)
                {
                    var place = wanted >= places ? row : random.Next(places);
                    regressions[i].Add((to, errors, at) =>
                    {
                        repair.Patches!.Write(fed, target.Shape, place, to, at);
                        Patches.WriteTargets(target, place, repair.Outputs, errors, at);
                    });
                }
            }

            foreach (var tensor in targets.Concat(read)) tensor.Dispose();
        }

        for (var i = 0; i < repairs.Length; i++)
        {
            var solved = regressions[i].Solve(cancellationToken);
            repairs[i].Weights.WriteSome(changed, [.. solved.Select(static row => row[..^1])], [.. solved.Select(static row => row[^1])], repairs[i].Weights.Inputs);
        }
    }
}
