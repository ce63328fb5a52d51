using SplitInfer.Execution;
using SplitInfer.Models.Onnx;
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
    private const double Tolerance = 1e-4;

    private readonly ExecutionOptions _execution;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="execution">The engine that the model is tried with; null for the default one.</param>
    public FreeBatch(ExecutionOptions? execution = null) => _execution = execution ?? new();

    /// <inheritdoc/>
    public override string Name => "free-batch";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        var original = edit.ToBytes();
        var types = ValueTypes.Of(edit, _execution);
        ValueInfoProto[] inputs = [.. edit.Graph.Input.Where(i => edit.IsInput(i.Name))];
        foreach (var input in inputs) Free(edit, input);
        foreach (var node in edit.Graph.Node.ToArray()) Change(edit, node, types);
        foreach (var output in edit.Graph.Output)
            if (output.Type?.TensorType?.Shape is { Dim.Count: > 0 } shape) shape.Dim[0] = new() { DimParam = Symbol };
        // Shapes that the file states are no longer right.
        edit.Graph.ValueInfo.Clear();
        cancellationToken.ThrowIfCancellationRequested();
        Try(edit, original, cancellationToken);
        edit.Note($"made the batch of {inputs.Length} inputs free");
    }

    private void Free(GraphEdit edit, ValueInfoProto input)
    {
        if (input.Type?.TensorType?.Shape is not { Dim.Count: > 0 } shape) throw edit.Refusal(Name, $"the input '{input.Name}' has no dimension for a batch");
        var first = shape.Dim[0];
        if (first.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue && first.DimValue != 1) throw edit.Refusal(Name, $"the input '{input.Name}' has {first.DimValue} rows and not one");
        shape.Dim[0] = new() { DimParam = Symbol };
    }

    private void Change(GraphEdit edit, NodeProto node, ValueTypes types)
    {
        if (Ops.Is(node, "Reshape") && edit.IntegersOf(node.Input[1]) is [1, ..] shape) node.Input[1] = Shape(edit, node, shape, types);
        else if (Ops.Is(node, "Resize") && edit.IntegersOf(Ops.Input(node, 3)) is [1, ..] sizes) UseScales(edit, node, sizes, types);
        else if (Ops.Is(node, "Slice") && CutsRows(edit, node)) throw edit.Refusal(Name, $"Slice '{node.Output[0]}' takes the first row only");
        edit.Forget();
    }

    /// <summary>0 takes the size of what is reshaped, −1 what is left.</summary>
    private string Shape(GraphEdit edit, NodeProto node, long[] shape, ValueTypes types)
    {
        if (edit.ConstantOf(node.Input[0]) is not null) return node.Input[1];
        var rows = types.Find(node.Input[0]) is { HasShape: true, Dimensions: [var first, ..] } ? first : 1;
        if (rows is not (1 or -1) && shape.Contains(-1)) throw edit.Refusal(Name, $"Reshape '{node.Output[0]}' makes one row of {rows} and leaves another size open");
        shape[0] = rows is 1 or -1 && Ops.Integer(node, "allowzero", 0) == 0 ? 0 : -1;
        return edit.Add<long>($"{node.Output[0]}/shape", ElementType.Int64, shape, shape.Length);
    }

    private void UseScales(GraphEdit edit, NodeProto node, long[] sizes, ValueTypes types)
    {
        float[] scales = types.Find(node.Input[0]) is { HasShape: true } type && type.Dimensions.Length == sizes.Length && type.Dimensions.All(static d => d > 0) ? [.. sizes.Zip(type.Dimensions, static (to, from) => (float)to / from)] : [];
        if (scales.Length == 0 || !sizes.Zip(scales, types.Find(node.Input[0])!.Dimensions).All(static s => (long)(s.Third * s.Second) == s.First)) throw edit.Refusal(Name, $"Resize '{node.Output[0]}' has the sizes of one input, which no scales express");
        node.Input[2] = edit.Add<float>($"{node.Output[0]}/scales", ElementType.Float32, scales, scales.Length);
        node.Input.RemoveAt(3);
    }

    private static bool CutsRows(GraphEdit edit, NodeProto node)
    {
        if (edit.IntegersOf(Ops.Input(node, 1)) is not { } starts || edit.IntegersOf(Ops.Input(node, 2)) is not { } ends) return false;
        long[] axes = Ops.Input(node, 3).Length > 0 ? edit.IntegersOf(node.Input[3]) ?? [] : [.. Enumerable.Range(0, starts.Length).Select(static a => (long)a)];
        return axes.Zip(starts, ends).Any(static a => a.First == 0 && !(a.Second == 0 && a.Third > 1));
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
            for (var row = 0; row < Tried; row++)
            {
                TensorValue[] single = [.. batch.Select(tensor => Row(edit, tensor, row, "input"))];
                var expected = Run(alone, single, cancellationToken);
                for (var i = 0; i < expected.Length; i++)
                {
                    var name = together.Outputs[i].Name;
                    using var actual = Row(edit, outputs[i], row, name);
                    if (actual.Shape != expected[i].Shape) throw edit.Refusal(Name, $"the output '{name}' has no row for each input");
                    if (!TensorDifference.Between(expected[i], actual).IsWithin(Tolerance)) throw edit.Refusal(Name, $"the output '{name}' of an input in a batch is not what it is alone: some layer takes rows together");
                }

                foreach (var tensor in single.Concat(expected)) tensor.Dispose();
            }

            foreach (var tensor in batch.Concat(outputs)) tensor.Dispose();
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

    private TensorValue Row(GraphEdit edit, TensorValue tensor, int row, string name)
    {
        var dimensions = tensor.Shape.Dimensions;
        if (dimensions.Length == 0 || dimensions[0] != Tried) throw edit.Refusal(Name, $"the output '{name}' has no row for each input");
        var bytes = tensor.ByteLength / Tried;
        return TensorValue.From(tensor.ElementType, new([1, .. dimensions[1..]]), tensor.Bytes.Span.Slice(row * bytes, bytes));
    }
}
