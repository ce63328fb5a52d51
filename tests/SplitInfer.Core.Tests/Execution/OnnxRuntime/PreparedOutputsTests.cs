using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>Which outputs are written to memory of ours.</summary>
public class PreparedOutputsTests
{
    [Theory]
    [InlineData("", "Relu", true)]
    [InlineData("", "Attention", false)]
    [InlineData("", "TensorScatter", false)]
    [InlineData("com.microsoft", "FusedConv", true)]
    [InlineData("com.microsoft", "MultiHeadAttention", false)]
    [InlineData("com.microsoft", "GroupQueryAttention", false)]
    [InlineData("com.microsoft", "Attention", false)]
    [InlineData("some.vendor", "Relu", false)]
    public void It_depends_on_the_operator(string domain, string operation, bool isAllowed)
    {
        var g = new GraphBuilder();
        var y = g.Nodes(domain, operation, [g.Input("x", ElementType.Float32, 2)], 1)[0];
        g.Output(y);

        var outputs = new PreparedOutputs(g.ToBytes());

        Assert.Equal(isAllowed, outputs.Allow(y.Name));
        Assert.True(outputs.Allow("x"));
    }
}
