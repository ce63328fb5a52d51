using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Models;

public class ModelGraphTests
{
    [Fact]
    public void Nodes_keep_the_order_of_the_file_where_it_is_valid()
    {
        var graph = SumGraph.Of(("a", ["x"]), ("c", ["x"]), ("b", ["a"]), ("y", ["b", "c"]));

        Assert.Equal(["a", "c", "b", "y"], SumGraph.Outputs(graph.Nodes));
    }

    [Fact]
    public void Nodes_out_of_order_are_sorted_with_the_first_of_the_file_first()
    {
        var graph = SumGraph.Of(("y", ["b", "c"]), ("b", ["a"]), ("c", ["x"]), ("a", ["x"]));

        Assert.Equal(["c", "a", "b", "y"], SumGraph.Outputs(graph.Nodes));
        Assert.Equal(["r", "p", "q", "y"], SumGraph.Outputs(SumGraph.Of(("y", ["p", "q"]), ("p", ["r"]), ("q", ["r"]), ("r", ["x"])).Nodes));
    }

    [Fact]
    public void What_no_output_needs_is_left_out()
    {
        var graph = SumGraph.Of(("a", ["x"]), ("dead", ["a"]), ("deader", ["dead"]), ("y", ["a"]));

        Assert.Equal(["a", "y"], SumGraph.Outputs(graph.Nodes));
        Assert.Equal(1, graph.Values.Single(static v => v.Name == "a").LastUse);
    }

    [Fact]
    public void A_value_lives_from_its_producer_to_its_last_use()
    {
        var graph = SumGraph.Of(("a", ["x"]), ("b", ["a"]), ("c", ["b"]), ("y", ["c", "a"]));

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
            Node = { SumGraph.Node("own", "captured", "shared"), SumGraph.Node("result", "own", "middle") },
            Output = { new ValueInfoProto { Name = "result" }, new ValueInfoProto { Name = "passed" } },
        };
        var middle = new GraphProto
        {
            Node = { SumGraph.Node("middle", "captured"), new NodeProto { OpType = "If", Input = { "condition" }, Output = { "r" }, Attribute = { new AttributeProto { Name = "then_branch", G = inner } } } },
            Initializer = { new TensorProto { Name = "shared" } },
            Output = { new ValueInfoProto { Name = "r" } },
        };
        var node = new NodeProto { OpType = "If", Input = { "first", "" }, Attribute = { new AttributeProto { Name = "then_branch", G = middle } } };

        Assert.Equal(["first", "captured", "condition", "passed"], new GraphNode(node, 0).Uses.AsEnumerable());
    }
}
