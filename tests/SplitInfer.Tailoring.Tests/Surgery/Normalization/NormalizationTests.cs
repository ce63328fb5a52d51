using System.Formats.Tar;
using System.IO.Compression;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Networks;
using Xunit.Abstractions;
using Normal = SplitInfer.Tailoring.Surgery.Normalization.Normalization;

namespace SplitInfer.Tailoring.Tests.Surgery.Normalization;

public sealed class NormalizationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Random_graphs_compute_the_same(bool ofShapes)
    {
        for (var seed = 0; seed < 60; seed++)
            TransformationCheck.AssertSame((ofShapes ? RandomShapeDag.Build(seed) : RandomDag.Build(seed)).ToBytes(), new Normal(), seed: seed);
    }

    public static TheoryData<string> Networks => [.. NetworkCatalog.All.Keys];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Networks_of_every_kind_compute_the_same(string name) => AssertSame(NetworkCatalog.All[name]().ToBytes(), name == "half" ? 1e-2 : 1e-4);

    [SharedTheory]
    [InlineData("candy.onnx")]
    [InlineData("dnsmos.onnx")]
    [InlineData("dtln_1.onnx")]
    [InlineData("fastestdet.onnx")]
    [InlineData("mnist.onnx")]
    [InlineData("silero_vad.onnx")]
    [InlineData("squeezenet_fp16.onnx", 1e-2)]
    [InlineData("squeezenet_fp32.onnx")]
    [InlineData("ultraface-rfb-320.onnx")]
    [InlineData("yunet-320.onnx")]
    [InlineData("second/cifar_classifier.onnx")]
    [InlineData("second/dtln_2.onnx")]
    [InlineData("second/ppocr_cls.onnx")]
    [InlineData("second/silero_vad_16k.onnx")]
    [InlineData("second/tiny_gpt2.onnx")]
    [InlineData("second/ultraface-slim-320.onnx")]
    [InlineData("second/yunet-dynamic.onnx")]
    [InlineData("light/light_densenet121.onnx")]
    [InlineData("light/light_inception_v2.onnx")]
    [InlineData("light/light_shufflenet.onnx")]
    public void Real_models_compute_the_same(string name, double tolerance = 1e-4) => AssertSame(File.ReadAllBytes(SharedData.Model(name)), tolerance);

    [OnnxTestDataFact]
    public void Debians_operator_models_compute_the_same_or_are_refused_in_words() => Census(SharedData.OnnxTestData, mostRefused: 106);

    [SharedFact]
    public void Operator_models_of_several_nodes_compute_the_same_or_are_refused_in_words()
    {
        using var folder = new TestFolder();
        using var packed = new GZipStream(File.OpenRead(Path.Combine(SharedData.Root!, "cases", "onnx-node.tgz")), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(packed, folder.Path, overwriteFiles: false);
        Census(folder.Path, mostRefused: 0);
    }

    [Fact]
    public void Initializers_are_no_inputs_constants_are_computed_and_what_has_no_effect_goes()
    {
        var g = new GraphBuilder(opset: 11);
        var x = g.Input("x", ElementType.Float32, 1, 4);
        g.Input("scale", ElementType.Float32, 1);
        var scale = g.Initializer(TensorValue.From<float>([2], 1), "scale");
        var squared = g.Mul(g.Constant(TensorValue.From<float>([3], 1)), g.Constant(TensorValue.From<float>([3], 1)));
        g.Output(g.Relu(g.Node("Dropout", [g.Identity(g.Mul(g.Mul(x, scale), g.Add(squared, scale)))])), "y");
        var transformed = TransformationCheck.AssertSame(g.ToBytes(), new Normal());
        Assert.Equal(["Mul", "Mul", "Relu"], TransformationCheck.Operators(transformed));
        Assert.Equal(["x"], TransformationCheck.Proto(transformed.Bytes).Graph.Input.Select(static i => i.Name));
        Assert.Contains("took 1 initializers off the inputs", transformed.Changes);
    }

    [Fact]
    public void A_model_that_is_normal_already_stays_as_it_is()
    {
        var once = new Normal().Apply(OnnxModel.Parse(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes()));
        Assert.NotEmpty(once.Changes);
        var twice = new Normal().Apply(once.Model);
        Assert.Empty(twice.Changes);
        Assert.Equal(TransformationCheck.Operators(once).Order(), TransformationCheck.Operators(twice).Order());
    }

    private static void AssertSame(byte[] model, double tolerance)
    {
        var inputs = PartitionedModel.Load((ReadOnlyMemory<byte>)model) is var plan ? plan.Plan.Inputs.Select(static i => i.Name).Zip(plan.MakeInputs(seed: 3)).ToArray() : [];
        var transformed = new Normal().Apply(OnnxModel.Parse(model));
        var difference = TransformationCheck.Difference(model, transformed.Bytes.ToArray(), inputs);
        Assert.True(difference.IsWithin(tolerance), $"differs by {difference.MaxMixed:G3}; {string.Join("; ", transformed.Changes)}");
    }

    /// <summary>Every model that ONNX Runtime runs on its own inputs gives the same when it is normalised, or is refused.</summary>
    private void Census(string folder, int mostRefused)
    {
        var (same, refused, wrong) = (0, new List<string>(), new List<string>());
        foreach (var path in Directory.EnumerateFiles(folder, "model.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (Expected(path) is not { } expected) continue;
            try
            {
                var transformed = new Normal().Apply(expected.Model);
                var actual = PlainRun.Of(transformed.Bytes.ToArray(), expected.Inputs);
                var difference = expected.Outputs.Zip(actual, TensorDifference.Between).Aggregate(TensorDifference.None, static (all, one) => all.Or(one));
                if (difference.IsWithin(1e-4)) same++;
                else wrong.Add($"{path}: differs by {difference.MaxMixed:G3}");
            }
            catch (TransformationRefusedException error)
            {
                refused.Add($"{Path.GetFileName(Path.GetDirectoryName(path))}: {error.Reason}");
            }
            catch (Exception error) when (error is SplitInferException or Microsoft.ML.OnnxRuntime.OnnxRuntimeException)
            {
                wrong.Add($"{path}: {error.Message}");
            }
        }

        output.WriteLine($"{same} the same, {refused.Count} refused");
        foreach (var line in refused.Concat(wrong)) output.WriteLine(line);
        Assert.Empty(wrong);
        Assert.True(same > 300, $"{same} models");
        Assert.InRange(refused.Count, 0, mostRefused);
    }

    private static (OnnxModel Model, (string Name, TensorValue Value)[] Inputs, TensorValue[] Outputs)? Expected(string path)
    {
        try
        {
            var model = OnnxModel.Load(path);
            var given = TensorFolder.Read(Path.Combine(Path.GetDirectoryName(path)!, "test_data_set_0"), "input", model.InputNames);
            if (given.Values.Any(static v => v.ElementType == ElementType.Text) || model.Graph.Node.Any(static n => n.OpType == "Bernoulli")) return null;
            (string, TensorValue)[] inputs = [.. given.Select(static g => (g.Key, g.Value))];
            var (first, second) = (PlainRun.Of(File.ReadAllBytes(path), inputs), PlainRun.Of(File.ReadAllBytes(path), inputs));
            // What draws random numbers cannot be compared.
            return first.Zip(second, TensorDifference.Between).All(static d => d.IsBitExact) ? (model, inputs, first) : null;
        }
        catch (Exception error) when (error is SplitInferException or Microsoft.ML.OnnxRuntime.OnnxRuntimeException or IOException or NotSupportedException)
        {
            // Sequences, types and operators that ONNX Runtime or this library does not read.
            return null;
        }
    }
}
