using System.Collections.Frozen;
using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Surgery.Normalization;

/// <summary>
/// Writes the operators of versions 7 to 12 of ONNX as version 13 has them, so that they compute the same: attributes that became inputs,
/// defaults that changed, operators that got another name. Bodies of control flow too. An operator whose old meaning version 13 cannot express, or that is
/// not known here to be unchanged, is refused by name.
/// </summary>
internal static class OperatorUpgrade
{
    /// <summary>The version that operators are written in.</summary>
    public const long Target = 13;

    private const long Oldest = 7;

    /// <summary>Operators that mean the same in versions 7 to 13 wherever both have them, attributes included.</summary>
    public static readonly FrozenSet<string> Unchanged = FrozenSet.Create(StringComparer.Ordinal,
        "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh", "AveragePool", "BatchNormalization", "BitShift", "Cast", "Ceil", "Celu", "Compress", "Concat",
        "ConcatFromSequence", "Constant", "ConstantOfShape", "Conv", "ConvInteger", "ConvTranspose", "Cos", "Cosh", "CumSum", "DepthToSpace", "DequantizeLinear", "Det", "Div", "DynamicQuantizeLinear",
        "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "EyeLike", "Flatten", "Floor", "GRU", "Gather", "GatherElements", "GatherND", "Gemm", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
        "Greater", "GreaterOrEqual", "HardSigmoid", "Identity", "If", "InstanceNormalization", "IsInf", "IsNaN", "LRN", "LSTM", "LeakyRelu", "Less", "LessOrEqual", "Log", "Loop", "LpNormalization",
        "LpPool", "MatMul", "MatMulInteger", "Max", "MaxPool", "MaxRoiPool", "MaxUnpool", "Mean", "MeanVarianceNormalization", "Min", "Mod", "Mul", "Multinomial", "Neg", "NonMaxSuppression", "NonZero",
        "Not", "OneHot", "Or", "PRelu", "Pow", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RNN", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Range", "Reciprocal",
        "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare", "Relu", "Reshape", "ReverseSequence", "RoiAlign", "Round",
        "ScatterElements", "ScatterND", "Selu", "Shape", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Size", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "StringNormalizer", "Sub", "Sum", "Tan",
        "Tanh", "TfIdfVectorizer", "ThresholdedRelu", "Tile", "Transpose", "Unique", "Where", "Xor", "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
        "SequenceLength", "SplitToSequence", "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss");

    /// <summary>Raises a model to version 13; one of at least that version stays as it is.</summary>
    /// <param name="edit">The model.</param>
    /// <param name="execution">The engine that infers types where they are needed.</param>
    /// <exception cref="TransformationRefusedException">An operator cannot be raised.</exception>
    public static void Raise(GraphEdit edit, ExecutionOptions execution)
    {
        var from = edit.Opset;
        if (from is 0 or >= Target) return;
        if (from < Oldest) throw edit.Refusal("normalisation", $"its operators are of version {from}, before {Oldest}, since when shapes are broadcast as they are now; export the model again with a current exporter");
        if (edit.Model.Functions.Count > 0) throw edit.Refusal("normalisation", $"it has functions of its own written in operators of version {from}; export the model again with version {Target} or later");
        // Bounds that become inputs are of the type of the data; most models compute in float32 only.
        var types = from < 11 && HasOtherFloats(edit) && edit.Graph.Node.Any(static n => Ops.IsOneOf(n, "Clip", "Pad", "If", "Loop")) ? ValueTypes.Of(edit.Model, execution) : null;
        new OperatorRewriter(edit, from, types).Change(edit.Graph);
        edit.Opset = Target;
        edit.Forget();
        edit.Note($"raised operators from version {from} to {Target}");
    }

    private static bool HasOtherFloats(GraphEdit edit) =>
        edit.Graph.Input.Select(static i => i.Type?.TensorType?.ElemType ?? 0)
            .Concat(TensorWalk.Tensors(edit.Model).Select(static t => t.DataType))
            .Concat(edit.Graph.Node.Where(static n => Ops.Is(n, "Cast")).Select(static n => (int)Ops.Integer(n, "to", 0)))
            .Any(static type => (ElementType)type is ElementType.Float16 or ElementType.Float64 or ElementType.BFloat16);
}
