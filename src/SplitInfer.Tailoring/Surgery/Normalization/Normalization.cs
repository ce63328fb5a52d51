using SplitInfer.Execution;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <summary>
/// The same model in the form that other transformations start from: operators of version 13 or later, initializers that are no inputs, constants computed,
/// no <c>Identity</c> or <c>Dropout</c>, batch normalisations folded into the products beside them. Exact but for rounding. The engine itself folds.
/// </summary>
public sealed class Normalization : ModelTransformation
{
    private readonly ExecutionOptions _execution;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="execution">The engine that folds; null for the default one.</param>
    public Normalization(ExecutionOptions? execution = null) => _execution = execution ?? new();

    /// <inheritdoc/>
    public override string Name => "normalisation";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        OperatorUpgrade.Raise(edit, _execution);
        TakeInitializersOffInputs(edit);
        cancellationToken.ThrowIfCancellationRequested();
        FoldedBatchNormalization.Fold(edit);
        var before = edit.Graph.Node.Count;
        edit.Take(ModelProto.Parser.ParseFrom(_execution.Engine.Optimize(edit.ToBytes(), _execution.With(GraphOptimization.Basic), externalDataFolder: null).Span));
        if (edit.Graph.Node.Count < before) edit.Note($"folded {before} nodes to {edit.Graph.Node.Count}");
    }

    private static void TakeInitializersOffInputs(GraphEdit edit)
    {
        var initializers = edit.Graph.Initializer.Select(static i => i.Name).ToHashSet(StringComparer.Ordinal);
        ValueInfoProto[] fed = [.. edit.Graph.Input.Where(i => initializers.Contains(i.Name))];
        if (fed.Length == 0) return;
        foreach (var input in fed) edit.Graph.Input.Remove(input);
        edit.Forget();
        edit.Note($"took {fed.Length} initializers off the inputs");
    }
}
