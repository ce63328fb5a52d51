using SplitInfer.Batching;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Shapes;

/// <summary>
/// Makes the batch of a model free that was exported for one input: the first dimension of every input and output gets the name <c>batch</c>, and constants that
/// say 1 for it say "as it comes" instead. Exact: row i of the outputs for a batch is what the model yields for input i alone, which is tried
/// on a batch of 3 before the model is given out. Refused, with the node, where a constant or a layer needs a batch of one.
/// </summary>
public sealed class FreeBatch : ModelTransformation
{
    private const string Symbol = "batch";
    private const int Tried = 3;

    private readonly ExecutionOptions _execution;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="execution">The engine that the model is tried with; null for the default one.</param>
    public FreeBatch(ExecutionOptions? execution = null) => _execution = execution ?? new();

    /// <inheritdoc/>
    public override string Name => "free-batch";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        var original = edit.ToBytes();
        int inputs;
        try
        {
            inputs = BatchSurgery.Free(edit.Graph, Symbol, () => ValueTypes.Of(edit.Model, _execution).Find);
        }
        catch (BatchRefusedException refused)
        {
            throw edit.Refusal(Name, refused.Message);
        }

        edit.Forget();
        cancellationToken.ThrowIfCancellationRequested();
        Try(edit, original, cancellationToken);
        edit.Note($"made the batch of {inputs} inputs free");
    }

    /// <summary>Compares the rows of a batch with what the original yields for each.</summary>
    private void Try(GraphEdit edit, byte[] original, CancellationToken cancellationToken)
    {
        try
        {
            using var alone = _execution.Engine.Load(original, _execution);
            using var together = _execution.Engine.Load(edit.ToBytes(), _execution);
            var batch = RandomInputs.Draw(together, seed: 1, Tried) ?? throw edit.Refusal(Name, "an input is of a type that it cannot be tried on");
            var outputs = Run(together, batch, cancellationToken);
            TensorValue[][] rows = [.. Enumerable.Range(0, Tried).Select(row => batch.Select(tensor => BatchRows.Take(tensor, row, Tried)!).ToArray())];
            TensorValue[][] expected = [.. rows.Select(row => Run(alone, row, cancellationToken))];
            var fault = BatchRows.Compare(expected, outputs, [.. together.Outputs.Select(static output => output.Name)]);
            foreach (var tensor in batch.Concat(outputs).Concat(rows.SelectMany(static row => row)).Concat(expected.SelectMany(static row => row))) tensor.Dispose();
            if (fault is not null) throw edit.Refusal(Name, fault);
        }
        catch (EngineException error)
        {
            throw edit.Refusal(Name, $"it does not run on a batch of {Tried}: {error.Message.TrimEnd('.')}");
        }
    }

    private static TensorValue[] Run(IEngineSession session, TensorValue[] inputs, CancellationToken cancellationToken)
    {
        var outputs = new TensorValue[session.Outputs.Length];
        session.Run(inputs, outputs, cancellationToken);
        return outputs;
    }
}
