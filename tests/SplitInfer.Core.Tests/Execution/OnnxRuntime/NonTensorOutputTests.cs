using SplitInfer.Execution;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class NonTensorOutputTests
{
    [Fact]
    public void An_optional_output_is_refused_before_it_is_run()
    {
        var g = new GraphBuilder(opset: 18);
        var flag = g.Input("flag", ElementType.Bool);
        var x = g.Input("x", ElementType.Float32, 2);
        var type = new TypeProto { OptionalType = new() { ElemType = Infos.Of("x", ElementType.Float32, [2]).Type } };
        var (some, none) = (g.Body("some"), g.Body("none"));
        var there = some.Node("Optional", [x]);
        var absent = none.Node("Optional", []);
        none.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "type", Type = AttributeProto.Types.AttributeType.TypeProto, Tp = type.OptionalType.ElemType });
        some.Graph.Output.Add(new ValueInfoProto { Name = there.Name, Type = type });
        none.Graph.Output.Add(new ValueInfoProto { Name = absent.Name, Type = type });
        var y = g.Node("If", [flag], ("then_branch", some), ("else_branch", none));
        g.Graph.Output.Add(new ValueInfoProto { Name = y.Name, Type = type });
        using var session = g.Load();
        using var input = TensorValue.From<float>([1, 2]);
        using var yes = TensorValue.From<bool>([true]);
        using var no = TensorValue.From<bool>([false]);

        Assert.Equal(EngineValueKind.Optional, session.Outputs[0].Kind);
        foreach (var given in new[] { yes, no })
        {
            // The engine ends the process when it is asked for one that is not there.
            var error = Assert.Throws<EngineException>(() => session.Run(given, input));
            Assert.Contains($"'{y.Name}' is of kind Optional", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_output_that_is_no_tensor_is_refused_by_name()
    {
        var g = new GraphBuilder();
        var sequence = g.Node("SequenceConstruct", [g.Input("x", ElementType.Float32, 2)]);
        var type = new TypeProto { SequenceType = new() { ElemType = Infos.Of("x", ElementType.Float32).Type } };
        g.Graph.Output.Add(new ValueInfoProto { Name = sequence.Name, Type = type });
        using var session = g.Load();
        using var input = TensorValue.From<float>([1, 2]);
        Assert.Equal(EngineValueKind.Sequence, session.Outputs[0].Kind);

        var error = Assert.Throws<EngineException>(() => session.Run(input));

        Assert.Contains($"'{sequence.Name}' is of kind Sequence", error.Message, StringComparison.Ordinal);
    }
}
