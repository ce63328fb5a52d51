using System.Globalization;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Float16;

/// <summary>
/// Weights stored as float16: w becomes Cast(half(w)), which engines compute once when they load the model. Half of the bytes of the file; the
/// same time, memory and kernels. Each weight changes by at most 2⁻¹¹ of itself, or by 3·10⁻⁸ where it is below 6·10⁻⁵. Refused where a weight is beyond ±65504, and where there is none to store.
/// </summary>
public sealed class Float16Storage : ModelTransformation
{
    /// <summary>Smaller constants, such as sizes and bounds, are left alone.</summary>
    private const int LeastElements = 64;

    /// <inheritdoc/>
    public override string Name => "float16-weights";

    private protected override void Change(GraphEdit edit, CancellationToken cancellationToken)
    {
        TensorProto[] weights = [.. edit.Graph.Initializer.Where(i => IsWeight(i) && edit.ConstantOf(i.Name) == i)];
        NodeProto[] constants = [.. edit.Graph.Node.Where(n => edit.ConstantOf(n.Output[0]) is { } value && Ops.Is(n, "Constant") && IsWeight(value))];
        var stored = 0L;
        foreach (var weight in weights)
        {
            edit.Graph.Initializer.Remove(weight);
            edit.InsertFirst(Stored(weight, weight.Name));
        }

        foreach (var constant in constants) edit.Replace(constant, Stored(edit.ConstantOf(constant.Output[0])!, constant.Output[0]));
        if (stored == 0) throw edit.Refusal(Name, "it has no float32 weights to store");
        edit.Note(string.Create(CultureInfo.InvariantCulture, $"stored {stored:N0} weights as float16"));

        NodeProto Stored(TensorProto weight, string name)
        {
            cancellationToken.ThrowIfCancellationRequested();
            stored += TensorProtos.ByteSize(weight) / sizeof(float);
            var half = HalfConstants.Of(edit, weight, edit.Fresh($"{name}/float16"), Name);
            edit.Graph.Initializer.Add(half);
            return Ops.Node("Cast", half.Name, [half.Name], name, Ops.Attribute("to", (long)ElementType.Float32));
        }
    }

    private static bool IsWeight(TensorProto tensor) =>
        (ElementType)tensor.DataType == ElementType.Float32 && TensorProtos.ByteSize(tensor) >= LeastElements * sizeof(float) && !HalfConstants.IsTiny(tensor);
}
