using SplitInfer.Models;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Core.Tests.Models;

public class InvalidGraphTests
{
    [Theory]
    [InlineData("reads 'nowhere'", "a", "nowhere")]
    [InlineData("is an input or initializer as well", "x", "x")]
    [InlineData("writes as well", "y", "x")]
    [InlineData("wait for each other", "a", "a")]
    public void A_graph_that_is_not_consistent_is_refused(string words, string output, string input)
    {
        var error = Assert.Throws<ModelFormatException>(() => SumGraph.Of((output, [input]), ("y", ["x"])));

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
        Refused("wait for each other", static g => g.Node.Add([SumGraph.Node("p", "q"), SumGraph.Node("q", "p")]));
    }

    private static void Refused(string words, Action<GraphProto> change)
    {
        var model = SumGraph.Model(("a", ["x"]), ("y", ["a"]));
        change(model.Graph);

        Assert.Contains(words, Assert.Throws<ModelFormatException>(() => SumGraph.Of(model)).Message, StringComparison.Ordinal);
    }
}
