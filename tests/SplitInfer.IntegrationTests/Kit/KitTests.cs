using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Kit;

/// <summary>What the tests rest on: models that ONNX Runtime takes, the same every time, whose answers depend on their input.</summary>
public sealed class KitTests
{
    public static TheoryData<string> NetworkNames => [.. NetworkCatalog.All.Keys];

    [Theory]
    [MemberData(nameof(NetworkNames))]
    public void A_network_is_the_same_every_time_and_answers_by_its_input(string name)
    {
        var model = NetworkCatalog.All[name]().ToBytes();
        Assert.Equal(model, NetworkCatalog.All[name]().ToBytes());
        AssertAnswersByItsInput(model);
    }

    [Fact]
    public void Random_graphs_are_the_same_every_time_and_run()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var model = RandomDag.Build(seed).ToBytes();
            Assert.Equal(model, RandomDag.Build(seed).ToBytes());
            Run(model, inputSeed: seed).ForEach(static output => output.Dispose());
        }
    }

    [SharedTheory]
    [InlineData("light_squeezenet")]
    [InlineData("light_densenet121")]
    [InlineData("light_shufflenet")]
    public void Random_weights_make_a_light_model_answer_by_its_input(string name)
    {
        using var folder = new TestFolder();
        RandomWeights.Rewrite(SharedData.Model($"light/{name}.onnx"), folder["model.onnx"]);
        AssertAnswersByItsInput(File.ReadAllBytes(folder["model.onnx"]));
    }

    [Fact]
    public void Weights_can_lie_in_a_second_file()
    {
        using var folder = new TestFolder();
        var network = ResNet18.Build(size: 32, classes: 10, width: 8);
        network.Save(folder["model.onnx"], "model.data");
        Assert.True(new FileInfo(folder["model.data"]).Length > 100_000);
        using var session = new ExecutionOptions().Engine.LoadFile(folder["model.onnx"], new() { IntraOpThreads = 1 });
        Assert.Equal("image", session.Inputs[0].Name);
    }

    private static void AssertAnswersByItsInput(byte[] model)
    {
        var (first, second) = (Run(model, inputSeed: 1), Run(model, inputSeed: 2));
        var differences = first.Zip(second, TensorDifference.Between).ToArray();
        Assert.All(first, static output => Assert.True(TensorDifference.Between(output, output).IsWithin(0)));
        Assert.Contains(differences, static d => d.MaxAbs > 0 && double.IsFinite(d.MaxAbs));
    }

    private static List<TensorValue> Run(byte[] model, int inputSeed)
    {
        using var session = new ExecutionOptions().Engine.Load(model, new() { IntraOpThreads = 1 });
        var random = new Random(inputSeed);
        TensorValue[] inputs = [.. session.Inputs.Select(input => RandomTensor.Normal(random, input.ElementType, [.. input.Dimensions.Select(static size => size < 0 ? 40 : size)]))];
        var outputs = new TensorValue[session.Outputs.Length];
        session.Run(inputs, outputs);
        return [.. outputs];
    }
}
