using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Models;

/// <summary>What counts as constant, and so belongs to both sides.</summary>
public class ConstantTests
{
    [Fact]
    public void Inputs_that_the_file_gives_a_value_are_constants()
    {
        var builder = new GraphBuilder(irVersion: 3);
        builder.Output(builder.Dense(builder.Input("x", ElementType.Float32, 1, 4), 4), "y");

        var graph = ModelGraph.Of(OnnxModel.Parse(builder.ToBytes()));

        Assert.Equal(["x"], graph.Inputs.Select(static i => i.Name));
        Assert.NotEmpty(graph.Model.Graph.Initializer);
    }

    [Theory]
    [InlineData("RandomNormal")]
    [InlineData("RandomUniform")]
    [InlineData("RandomNormalLike")]
    [InlineData("RandomUniformLike")]
    [InlineData("Bernoulli")]
    [InlineData("Multinomial")]
    public void Random_numbers_are_not_constant(string op)
    {
        var model = SumGraph.Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        Assert.Equal(["y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));

        model.Graph.Node[0].OpType = op;
        Assert.Equal(["a", "y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));
    }

    [Fact]
    public void Random_numbers_in_a_body_or_a_function_make_the_node_vary()
    {
        var model = SumGraph.Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        var random = new NodeProto { OpType = "RandomNormalLike", Input = { "w" }, Output = { "r" } };

        model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "then_branch", G = new() { Node = { random } } });
        Assert.Equal(["a", "y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));

        model.Graph.Node[0].Attribute.Clear();
        (model.Graph.Node[0].Domain, model.Graph.Node[0].OpType) = ("local", "Outer");
        model.Functions.Add(new FunctionProto { Domain = "local", Name = "Outer", Node = { new NodeProto { Domain = "local", OpType = "Inner" } } });
        model.Functions.Add(new FunctionProto { Domain = "local", Name = "Inner", Node = { SumGraph.Node("r", "i") } });
        Assert.Equal(["y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));

        model.Functions[1].Node[0] = random;
        Assert.Equal(["a", "y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));

        model.Functions[1].Node[0] = new NodeProto { Domain = "local", OpType = "Outer" };
        Assert.Equal(["a", "y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));
    }

    [Fact]
    public void Dropout_of_constants_is_constant_unless_it_may_train()
    {
        var model = SumGraph.Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        model.Graph.Node[0].OpType = "Dropout";
        Assert.Equal(["y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));

        model.Graph.Node[0].Input.Add(["", "w"]);
        Assert.Equal(["a", "y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));
    }

    [Fact]
    public void An_operator_that_is_not_known_is_not_taken_as_constant()
    {
        var model = SumGraph.Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        model.Graph.Node[0].Domain = "com.example";

        Assert.Equal(["a", "y"], SumGraph.Outputs(SumGraph.Of(model).Nodes));
    }
}
