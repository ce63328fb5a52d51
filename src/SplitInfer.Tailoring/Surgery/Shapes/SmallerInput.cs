using System.Globalization;
using SplitInfer.Execution;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Shapes;

/// <summary>
/// Takes images of another size: convolutions do not mind, and pooling over a whole map becomes pooling over whatever map there is. Time goes with the number
/// of pixels; what is lost must be judged on samples of the new size. Refused where the size shows in an output or in a constant, as in
/// detectors with anchors.
/// </summary>
public sealed class SmallerInput : ModelTransformation
{
    private readonly int _height;
    private readonly int _width;
    private readonly ExecutionOptions _execution;

    /// <summary>Prepares the transformation.</summary>
    /// <param name="height">Rows of an image, in pixels.</param>
    /// <param name="width">Columns of an image, in pixels.</param>
    /// <param name="execution">The engine that the model is tried with; null for the default one.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not above 0.</exception>
    public SmallerInput(int height, int width, ExecutionOptions? execution = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width, _execution) = (height, width, execution ?? new());
    }

    /// <inheritdoc/>
    public override string Name => "input-size";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        if (edit.Graph.Input.Where(i => edit.IsInput(i.Name)).ToArray() is not [{ Type.TensorType: { ElemType: (int)ElementType.Float32, Shape.Dim: [_, _, var rows, var columns] } } input]) throw edit.Refusal(Name, "it does not have one input of float32 images, N×C×H×W");
        if (rows.DimValue == _height && columns.DimValue == _width) throw edit.Refusal(Name, "its input has this size");
        var before = OutputShapes(edit);
        var pooled = ReplaceWholePools(edit);
        rows.DimValue = _height;
        columns.DimValue = _width;
        // Shapes that the file states are no longer right.
        edit.Graph.ValueInfo.Clear();
        TensorShapeProto?[] declared = [.. edit.Graph.Output.Select(static output => output.Type?.TensorType?.Shape)];
        foreach (var output in edit.Graph.Output)
            if (output.Type?.TensorType is { } tensor) tensor.Shape = null;
        var after = OutputShapes(edit);
        foreach (var (name, shape) in before)
            if (shape != after[name]) throw edit.Refusal(Name, $"the output '{name}' would be {after[name]} instead of {shape}");
        // They are what they were.
        foreach (var (output, shape) in edit.Graph.Output.Zip(declared))
            if (output.Type?.TensorType is { } tensor) tensor.Shape = shape;
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"images of {_height}×{_width}{(pooled == 0 ? "" : $", {pooled} pools over the whole map")}"));
    }

    private Dictionary<string, TensorShape> OutputShapes(GraphEdit edit)
    {
        try
        {
            using var session = _execution.Engine.Load(edit.ToBytes(), _execution);
            // The input is float32.
            var inputs = RandomInputs.Draw(session, seed: 1)!;
            var outputs = new TensorValue[session.Outputs.Length];
            session.Run(inputs, outputs);
            var shapes = session.Outputs.Zip(outputs).ToDictionary(static o => o.First.Name, static o => o.Second.Shape, StringComparer.Ordinal);
            foreach (var tensor in inputs.Concat(outputs)) tensor.Dispose();
            return shapes;
        }
        catch (EngineException error)
        {
            throw edit.Refusal(Name, $"it does not run on images of this size: {error.Message.TrimEnd('.')}");
        }
    }

    private int ReplaceWholePools(GraphEdit edit)
    {
        var types = ValueTypes.Of(edit.Model, _execution);
        var replaced = 0;
        foreach (var node in edit.Graph.Node.Where(static n => Ops.IsOneOf(n, "AveragePool", "MaxPool") && n.Output.Count == 1))
        {
            if (types.Find(node.Input[0]) is not { HasShape: true, Dimensions: [_, _, .. var map] } || Ops.Integers(node, "kernel_shape") is not { } kernel || !map.SequenceEqual(kernel)) continue;
            if (Ops.Integers(node, "pads") is { } pads && pads.Any(static p => p != 0)) continue;
            node.OpType = node.OpType == "MaxPool" ? "GlobalMaxPool" : "GlobalAveragePool";
            node.Attribute.Clear();
            replaced++;
        }

        return replaced;
    }
}
