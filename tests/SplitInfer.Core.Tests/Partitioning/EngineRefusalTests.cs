using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>What ONNX Runtime refuses while a model is planned.</summary>
public class EngineRefusalTests
{
    private readonly GraphBuilder _g = new();

    [Fact]
    public void An_operator_that_is_not_known_can_be_registered()
    {
        var x = _g.Input("x", ElementType.Float32, 2);
        _g.Output(_g.Relu(_g.Nodes("vendor", "Fold", [x], 1)[0]), "y");

        Assert.Contains("ExecutionOptions.CustomOperatorLibraries", Refusal("vendor", "Fold").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_without_a_kernel_are_named_with_the_node()
    {
        _g.Output(_g.Node("Tan", [_g.Input("x", ElementType.Float64, 2)]), "y");

        var error = Refusal("Tan_");

        Assert.Equal(EngineErrorCode.NotImplemented, error.Code);
        Assert.Contains("export the model with other types", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_contradict_each_other_are_named_with_the_node()
    {
        var x = _g.Input("x", ElementType.Float32, 2);
        _g.Output(_g.Node("Add", [x, _g.Input("i", ElementType.Int64, 2)]), "y");

        Assert.Contains("Export the model again", Refusal("Add_").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operators_of_a_version_to_come_need_a_newer_engine()
    {
        _g.Output(_g.Relu(_g.Input("x", ElementType.Float32, 2)), "y");
        var model = _g.Build();
        foreach (var set in model.OpsetImport) set.Version = 999;

        Assert.Contains("newer ONNX Runtime", Refusal(model, "999").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_a_NUL_is_refused_before_the_engine_cuts_it_short()
    {
        _g.Output(_g.Relu(_g.Input("x\0z", ElementType.Float32, 2)), "y");

        Assert.Contains(@"'x\0z'", Assert.Throws<ModelFormatException>(() => SplitRun.Plan(_g)).Message, StringComparison.Ordinal);
    }

    private EngineException Refusal(params string[] words) => Refusal(_g.Build(), words);

    private static EngineException Refusal(ModelProto model, params string[] words)
    {
        var error = Assert.Throws<EngineException>(() => PartitionedModel.From(OnnxModel.Parse(ModelBytes.Of(model), source: "models/odd.onnx"), null, SplitRun.Execution));
        Assert.StartsWith("models/odd.onnx: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        Assert.False(error.EngineMessage.Contains("odd.onnx", StringComparison.Ordinal));
        return error;
    }
}
