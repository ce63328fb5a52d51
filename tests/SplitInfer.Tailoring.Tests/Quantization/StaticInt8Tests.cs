using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tailoring.Surgery.Normalization;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Quantization;

public sealed class StaticInt8Tests
{
    public static TheoryData<string> Networks => ["ResNet18", "MobileNetV2", "UNet"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Networks_give_nearly_the_same_in_integers_and_are_cut_as_before(string network)
    {
        var original = OnnxModel.Parse(Bytes(network));
        var inputs = PartitionedModel.From(original).Plan.Inputs;
        var samples = new MemorySamples(4);
        var normal = new Normalization().Apply(original);
        var integers = new StaticInt8(StatisticsCollector.Collect(normal.Model, inputs, samples)).Apply(normal.Model);
        var scores = ModelEvaluator.Evaluate([original, normal.Model, integers.Model], inputs, samples, options: new() { TimingRounds = 3, TimingBudget = default });
        Assert.InRange(scores[1].Cosine, 0.999999, 1.000001);
        Assert.InRange(scores[2].Cosine, 0.97, 1.000001);
        var run = ModelProto.Parser.ParseFrom(new ExecutionOptions().Engine.Optimize(integers.Bytes.ToArray(), new(), externalDataFolder: null).Span).Graph.Node;
        Assert.DoesNotContain(run, static node => node.OpType is "Conv" or "FusedConv");
        Assert.NotEmpty(PartitionedModel.From(integers.Model).Plan.Arms);
    }

    [Theory]
    [InlineData(ActivationFormat.Unsigned, 8)]
    [InlineData(ActivationFormat.Unsigned, 7)]
    [InlineData(ActivationFormat.Signed, 8)]
    public void A_convolution_of_whole_numbers_is_exact(ActivationFormat format, int bits)
    {
        // Weights and activations are multiples of their scales, so that nothing is rounded but the result.
        var random = new Random(bits);
        var graph = new GraphBuilder();
        var weights = TensorValue.Allocate(ElementType.Float32, new(4, 3, 3, 3));
        var limit = (1 << (bits - 1)) - 1;
        var span = weights.Span<float>();
        for (var i = 0; i < span.Length; i++) span[i] = i % 27 == 0 ? limit : random.Next(-limit, limit + 1);
        graph.Output(graph.Node("Conv", [graph.Input("x", ElementType.Float32, 1, 3, 8, 8), graph.Initializer(weights)]), "y");
        var model = OnnxModel.Parse(graph.ToBytes());
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var samples = new WholeNumbers();
        var made = new StaticInt8(StatisticsCollector.Collect(model, inputs, samples), new() { Activations = format, WeightBits = bits, Ranges = RangeMethod.Extremes, CorrectsBias = false }).Apply(model);
        var values = made.Model.Graph.Initializer.Where(static i => i.Name.EndsWith("/int8", StringComparison.Ordinal)).ToArray();
        using var written = TensorProtoReader.Read(Assert.Single(values));
        Assert.Equal(span.ToArray().Select(static w => (sbyte)w), written.Span<sbyte>().ToArray());
        var scores = ModelEvaluator.Evaluate([model, made.Model], inputs, samples, options: new() { TimingRounds = 3, TimingBudget = default });
        Assert.InRange(scores[1].Cosine, 0.9999, 1.000001);
    }

    [Fact]
    public void Products_that_are_kept_stay_as_they_are()
    {
        var model = new Normalization().Apply(OnnxModel.Parse(Bytes("UNet"))).Model;
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var statistics = StatisticsCollector.Collect(model, inputs, new MemorySamples(1));
        var products = StaticInt8.Products(new GraphEdit(model), statistics);
        var kept = products.Take(2).ToHashSet(StringComparer.Ordinal);
        var made = new StaticInt8(statistics, new() { KeptInFloat = kept }).Apply(model).Model;
        Assert.Equal(products.Count - 2, made.Graph.Initializer.Count(static i => i.DataType == (int)ElementType.Int8 && i.Name.EndsWith("/int8", StringComparison.Ordinal)));
        var refusal = Assert.Throws<TransformationRefusedException>(() => new StaticInt8(statistics, new() { KeptInFloat = products.ToHashSet(StringComparer.Ordinal) }).Apply(model));
        Assert.Contains("kept in float", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_is_infinite_stays_in_float()
    {
        var graph = new GraphBuilder();
        var x = graph.Input("x", ElementType.Float32, 1, 8);
        var weights = graph.Initializer(RandomTensor.Normal(new(1), ElementType.Float32, 8, 8));
        var first = graph.Node("MatMul", [x, weights]);
        // The larger of something and minus infinity, as in a mask.
        var masked = graph.Node("Max", [first, graph.Node("Log", [graph.Node("Sub", [x, x])])]);
        graph.Output(graph.Node("MatMul", [masked, graph.Initializer(RandomTensor.Normal(new(2), ElementType.Float32, 8, 4))]), "y");
        var model = OnnxModel.Parse(graph.ToBytes());
        var (inputs, samples) = (PartitionedModel.From(model).Plan.Inputs, new MemorySamples(3));
        var statistics = StatisticsCollector.Collect(model, inputs, samples);
        Assert.Equal(3, statistics.Samples);
        // The input, both products, the difference and the larger one, but not the logarithm.
        Assert.Equal(5, statistics.Values.Count);
        var made = new StaticInt8(statistics).Apply(model);
        Assert.Contains("2 of 2 products", made.Changes[0], StringComparison.Ordinal);
        var scores = ModelEvaluator.Evaluate([model, made.Model], inputs, samples, options: new() { TimingRounds = 3, TimingBudget = default });
        Assert.InRange(scores[1].Cosine, 0.99, 1.000001);
    }

    [Fact]
    public void A_product_whose_result_has_no_range_stays_in_float()
    {
        var graph = new GraphBuilder();
        var x = graph.Conv(graph.Input("x", ElementType.Float32, 1, 3, 8, 8), 4);
        var large = TensorValue.Allocate(ElementType.Float32, new(4, 4, 1, 1));
        large.Span<float>().Fill(float.MaxValue);
        // What overflows is no more than 1 afterwards.
        var overflowing = graph.Node("Conv", [graph.Node("Add", [graph.Relu(x), graph.Initializer(TensorValue.From<float>([9f], 1))]), graph.Initializer(large)]);
        graph.Output(graph.Conv(graph.Node("Min", [overflowing, graph.Initializer(TensorValue.From<float>([1f], 1))]).Shaped(1, 4, 8, 8), 4), "y");
        var model = OnnxModel.Parse(graph.ToBytes());
        var (inputs, samples) = (PartitionedModel.From(model).Plan.Inputs, new MemorySamples(3));
        var statistics = StatisticsCollector.Collect(model, inputs, samples);
        Assert.Single(statistics.WithoutRange);
        Assert.Contains("2 of 3 products", new StaticInt8(statistics).Apply(model).Changes[0], StringComparison.Ordinal);
        Assert.Equal(2, SplitInfer.Tailoring.Families.SensitivityScan.Run(model, inputs, samples, statistics, new(), new(), new(null), default).Count);

        // A file of statistics may lack a value.
        var fewer = new SampleStatistics(model.Fingerprint);
        foreach (var (name, value) in statistics.Values.Where(static v => v.Key != "y")) Assert.True(fewer.TryTake(name, value));
        fewer.TakeSamples(3);
        Assert.Contains("1 of 3 products", new StaticInt8(fewer).Apply(model).Changes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Old_operators_are_refused_and_models_without_products_too()
    {
        var old = new GraphBuilder(opset: 11);
        old.Output(old.Node("Relu", [old.Input("x", ElementType.Float32, 1, 4)]), "y");
        var model = OnnxModel.Parse(old.ToBytes());
        var statistics = StatisticsCollector.Collect(model, PartitionedModel.From(model).Plan.Inputs, new MemorySamples(1));
        Assert.Contains("normalise the model first", Assert.Throws<TransformationRefusedException>(() => new StaticInt8(statistics).Apply(model)).Message, StringComparison.Ordinal);
        var normal = new Normalization().Apply(model).Model;
        Assert.Contains("statistics are of another model", Assert.Throws<TransformationRefusedException>(() => new StaticInt8(statistics).Apply(normal)).Message, StringComparison.Ordinal);
        var own = StatisticsCollector.Collect(normal, PartitionedModel.From(normal).Plan.Inputs, new MemorySamples(1));
        Assert.Contains("no Conv, Gemm or MatMul multiplies", Assert.Throws<TransformationRefusedException>(() => new StaticInt8(own).Apply(normal)).Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(string network) => network switch
    {
        "ResNet18" => ResNet18.Build().ToBytes(),
        "MobileNetV2" => MobileNetV2.Build().ToBytes(),
        _ => UNet.Build().ToBytes(),
    };

    private sealed class WholeNumbers : SplitInfer.Tailoring.Calibration.ISampleSource
    {
        public int Count => 2;

        public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs)
        {
            var tensor = TensorValue.Allocate(ElementType.Float32, new([.. inputs[0].Shape.Dimensions]));
            var random = new Random(sample);
            var span = tensor.Span<float>();
            for (var i = 0; i < span.Length; i++) span[i] = i == 0 ? -100 : i == 1 ? 155 : random.Next(-100, 156);
            return [tensor];
        }
    }
}
