using SplitInfer.Models;
using SplitInfer.Partitioning.Probing;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

public class InferenceTests
{
    [Fact]
    public void Parts_of_a_graph_tell_what_all_of_it_tells() => Sampled.Check(seed: 31, 40, static random =>
    {
        var graph = ModelGraph.Of(OnnxModel.Parse(RandomDag.Build(random.Next()).ToBytes()));

        var together = Inference.Of(graph, SplitRun.Execution);
        var inParts = Inference.Of(graph, SplitRun.Execution, maxTogether: random.Next(1, 6));

        Assert.Equal(together.Keys.Order(), inParts.Keys.Order());
        foreach (var (name, value) in together)
        {
            Assert.Equal((value.Kind, value.ElementType, value.HasShape), (inParts[name].Kind, inParts[name].ElementType, inParts[name].HasShape));
            Assert.Equal(value.Dimensions.AsEnumerable(), inParts[name].Dimensions);
        }
    });
}
