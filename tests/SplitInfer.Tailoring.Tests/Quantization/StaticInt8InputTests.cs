using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tailoring.Tests.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class StaticInt8InputTests
{
    [Fact]
    public void What_is_fed_to_the_first_product_is_quantised_and_what_else_reads_it_stays_float()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 3, 8, 8);
        g.Output(g.Gemm(g.Flatten(g.GlobalAveragePool(g.Relu(g.Conv(x, 8)))), 4), "y");
        g.Output(g.Node("Exp", [x]), "z");
        var model = OnnxModel.Parse(g.ToBytes());
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var graph = TransformationCheck.Proto(new StaticInt8(StatisticsCollector.Collect(model, inputs, new MemorySamples(4))).Apply(model).Bytes).Graph;
        var product = graph.Node.Single(static n => n.OpType == "Conv");
        Assert.Equal("DequantizeLinear", graph.Node.Single(n => n.Output[0] == product.Input[0]).OpType);
        Assert.Equal("x", graph.Node.Single(static n => n.OpType == "Exp").Input[0]);
    }
}
