using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Models;

public class ModelGraphTests
{
    [Fact]
    public void Nodes_keep_the_order_of_the_file_where_it_is_valid()
    {
        var graph = Graph(("a", ["x"]), ("c", ["x"]), ("b", ["a"]), ("y", ["b", "c"]));

        Assert.Equal(["a", "c", "b", "y"], Outputs(graph.Nodes));
    }

    [Fact]
    public void Nodes_out_of_order_are_sorted_with_the_first_of_the_file_first()
    {
        var graph = Graph(("y", ["b", "c"]), ("b", ["a"]), ("c", ["x"]), ("a", ["x"]));

        Assert.Equal(["c", "a", "b", "y"], Outputs(graph.Nodes));
    }

    [Fact]
    public void What_no_output_needs_is_left_out()
    {
        var graph = Graph(("a", ["x"]), ("dead", ["a"]), ("deader", ["dead"]), ("y", ["a"]));

        Assert.Equal(["a", "y"], Outputs(graph.Nodes));
        Assert.Equal(1, graph.Values.Single(static v => v.Name == "a").LastUse);
    }

    [Fact]
    public void A_value_lives_from_its_producer_to_its_last_use()
    {
        var graph = Graph(("a", ["x"]), ("b", ["a"]), ("c", ["b"]), ("y", ["c", "a"]));

        Assert.Equal(
            [new("x", GraphValue.Fed, 0, false), new("a", 0, 3, false), new("b", 1, 2, false), new("c", 2, 3, false), new GraphValue("y", 3, GraphValue.Unused, true)],
            graph.Values.AsEnumerable());
    }

    [Fact]
    public void What_bodies_capture_counts_as_input()
    {
        var graph = ModelGraph.Of(OnnxModel.Parse(ControlFlow.Build().ToBytes()));
        var outside = graph.Nodes.Single(static n => n.Proto.OpType == "Tanh" && n.Proto.Name == "Tanh_0").Outputs[0];

        foreach (var op in new[] { "If", "Loop", "Scan" })
            Assert.Contains(outside, graph.Nodes.Single(n => n.Proto.OpType == op).Uses);
    }

    [Fact]
    public void What_a_body_inside_a_body_captures_counts_as_input_and_what_it_defines_does_not()
    {
        var inner = new GraphProto
        {
            Node = { Node("own", "captured", "shared"), Node("result", "own", "middle") },
            Output = { new ValueInfoProto { Name = "result" }, new ValueInfoProto { Name = "passed" } },
        };
        var middle = new GraphProto
        {
            Node = { Node("middle", "captured"), new NodeProto { OpType = "If", Input = { "condition" }, Output = { "r" }, Attribute = { new AttributeProto { Name = "then_branch", G = inner } } } },
            Initializer = { new TensorProto { Name = "shared" } },
            Output = { new ValueInfoProto { Name = "r" } },
        };
        var node = new NodeProto { OpType = "If", Input = { "first", "" }, Attribute = { new AttributeProto { Name = "then_branch", G = middle } } };

        Assert.Equal(["first", "captured", "condition", "passed"], new GraphNode(node, 0).Uses.AsEnumerable());
    }

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
        var model = Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        Assert.Equal(["y"], Outputs(Graph(model).Nodes));

        model.Graph.Node[0].OpType = op;
        Assert.Equal(["a", "y"], Outputs(Graph(model).Nodes));
    }

    [Fact]
    public void Random_numbers_in_a_body_or_a_function_make_the_node_vary()
    {
        var model = Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        var random = new NodeProto { OpType = "RandomNormalLike", Input = { "w" }, Output = { "r" } };

        model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "then_branch", G = new() { Node = { random } } });
        Assert.Equal(["a", "y"], Outputs(Graph(model).Nodes));

        model.Graph.Node[0].Attribute.Clear();
        (model.Graph.Node[0].Domain, model.Graph.Node[0].OpType) = ("local", "Outer");
        model.Functions.Add(new FunctionProto { Domain = "local", Name = "Outer", Node = { new NodeProto { Domain = "local", OpType = "Inner" } } });
        model.Functions.Add(new FunctionProto { Domain = "local", Name = "Inner", Node = { Node("r", "i") } });
        Assert.Equal(["y"], Outputs(Graph(model).Nodes));

        model.Functions[1].Node[0] = random;
        Assert.Equal(["a", "y"], Outputs(Graph(model).Nodes));

        model.Functions[1].Node[0] = new NodeProto { Domain = "local", OpType = "Outer" };
        Assert.Equal(["a", "y"], Outputs(Graph(model).Nodes));
    }

    [Fact]
    public void Dropout_of_constants_is_constant_unless_it_may_train()
    {
        var model = Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        model.Graph.Node[0].OpType = "Dropout";
        Assert.Equal(["y"], Outputs(Graph(model).Nodes));

        model.Graph.Node[0].Input.Add(["", "w"]);
        Assert.Equal(["a", "y"], Outputs(Graph(model).Nodes));
    }

    [Fact]
    public void An_operator_that_is_not_known_is_not_taken_as_constant()
    {
        var model = Model(("a", ["w"]), ("y", ["a", "x"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, FloatData = { 1 } });
        model.Graph.Node[0].Domain = "com.example";

        Assert.Equal(["a", "y"], Outputs(Graph(model).Nodes));
    }

    [Theory]
    [InlineData("reads 'nowhere'", "a", "nowhere")]
    [InlineData("is an input or initializer as well", "x", "x")]
    [InlineData("writes as well", "y", "x")]
    [InlineData("wait for each other", "a", "a")]
    public void A_graph_that_is_not_consistent_is_refused(string words, string output, string input)
    {
        var error = Assert.Throws<ModelFormatException>(() => Graph((output, [input]), ("y", ["x"])));

        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_whose_values_have_no_names_or_the_same_is_refused()
    {
        Refused("no output", static g => g.Output.Clear());
        Refused("nothing yields the graph's output 'z'", static g => g.Output.Add(new ValueInfoProto { Name = "z" }));
        Refused("an input of the graph has no name", static g => g.Input.Add(new ValueInfoProto()));
        Refused("two inputs of the graph are named 'x'", static g => g.Input.Add(new ValueInfoProto { Name = "x" }));
        Refused("an initializer has no name", static g => g.Initializer.Add(new TensorProto()));
        Refused("an initializer has no name", static g => g.SparseInitializer.Add(new SparseTensorProto()));
        Refused("two initializers are named 'w'", static g => g.Initializer.Add([new TensorProto { Name = "w" }, new TensorProto { Name = "w" }]));
        Refused("names no operator", static g => g.Node[0].ClearOpType());
        Refused("wait for each other", static g => g.Node.Add([Node("p", "q"), Node("q", "p")]));
    }

    private static void Refused(string words, Action<GraphProto> change)
    {
        var model = Model(("a", ["x"]), ("y", ["a"]));
        change(model.Graph);

        Assert.Contains(words, Assert.Throws<ModelFormatException>(() => Graph(model)).Message, StringComparison.Ordinal);
    }

    private static ModelGraph Graph(params (string Output, string[] Inputs)[] nodes) => Graph(Model(nodes));

    private static ModelGraph Graph(ModelProto model) => ModelGraph.Of(OnnxModel.Parse(model.ToByteArray()));

    private static ModelProto Model(params (string Output, string[] Inputs)[] nodes) => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new()
        {
            Input = { new ValueInfoProto { Name = "x" } },
            Node = { nodes.Select(static n => Node(n.Output, n.Inputs)) },
            Output = { new ValueInfoProto { Name = "y" } },
        },
    };

    private static NodeProto Node(string output, params string[] inputs) => new() { OpType = "Sum", Input = { inputs }, Output = { output } };

    private static IEnumerable<string> Outputs(IEnumerable<GraphNode> nodes) => nodes.Select(static n => n.Outputs[0]);
}
