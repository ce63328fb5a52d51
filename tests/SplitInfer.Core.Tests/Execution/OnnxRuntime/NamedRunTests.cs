using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class NamedRunTests
{
    [Fact]
    public void Some_outputs_can_be_had_alone_and_in_any_order()
    {
        var g = new GraphBuilder();
        var (a, b) = (g.Input("a", ElementType.Float32, 1), g.Input("b", ElementType.Float32, 1));
        g.Output(g.Add(a, b), "sum");
        g.Output(g.Sub(a, b), "difference");
        g.Output(g.Mul(a, b), "product");
        using var session = g.Load();
        using var five = TensorValue.From<float>([5], 1);
        using var three = TensorValue.From<float>([3], 1);
        var outputs = new TensorValue[2];

        session.Run(["b", "a"], [three, five], ["product", "difference"], outputs);

        using var product = outputs[0];
        using var difference = outputs[1];
        Assert.Equal(15, product.Span<float>()[0]);
        Assert.Equal(2, difference.Span<float>()[0]);
        var unknown = Assert.Throws<TensorMismatchException>(() => session.Run(["a", "b"], [five, three], ["quotient"], new TensorValue[1]));
        Assert.Contains("no output 'quotient'. It has: sum, difference, product", unknown.Message, StringComparison.Ordinal);
        Assert.Throws<TensorMismatchException>(() => session.Run(["a", "a"], [five, three], ["sum"], new TensorValue[1]));
    }
}
