using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Execution;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Partitioning;

public sealed class SegmentFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_hold_all_weights_wherever_the_model_has_them(bool isExternal)
    {
        var network = ResNet18.Build(size: 64, classes: 10, width: 32);
        if (isExternal) network.Save(_folder["model/model.onnx"], "weights.bin");
        else network.Save(_folder["model/model.onnx"]);
        var model = PartitionedModel.Load(_folder["model/model.onnx"]);
        var k = model.Plan.Arms[1].Index;
        var (head, tail) = (model.WriteHead(k, _folder["cut/head.onnx"])!, model.WriteTail(k, _folder["cut/tail.onnx"])!);
        Assert.Equal((null, null), (head.DataPath, tail.DataPath));
        using var image = model.MakeInput(0, seed: 1);
        var expected = PlainRun.Of(network.ToBytes(), ("image", image))[0];

        // Nothing of the model may be needed any more.
        Directory.Delete(Path.GetDirectoryName(_folder["model/model.onnx"])!, recursive: true);
        var boundary = PlainRun.Of(File.ReadAllBytes(head.Path), (head.Inputs[0].Name, image));
        var actual = PlainRun.Of(File.ReadAllBytes(tail.Path), [.. tail.Inputs.Zip(boundary, static (input, value) => (input.Name, value))])[0];
        Assert.True(TensorDifference.Between(expected, actual).IsWithin(1e-4));
    }

    [Fact]
    public void Weights_that_are_too_large_for_one_file_lie_in_one_beside_it()
    {
        var network = ResNet18.Build(size: 64, classes: 10, width: 32);
        network.Save(_folder["model/model.onnx"], "weights.bin");
        var model = PartitionedModel.Load(_folder["model/model.onnx"]);
        var whole = model.Whole();
        var data = StandaloneFile.Write(whole.ToMessage(), whole.ExternalDataFolder, "model.onnx", _folder["copy/whole.onnx"], maxBytes: 1 << 20);
        Assert.Equal(_folder["copy/whole.onnx.data"], data);
        Assert.True(new FileInfo(_folder["copy/whole.onnx"]).Length < 1 << 20);

        Directory.Delete(Path.GetDirectoryName(_folder["model/model.onnx"])!, recursive: true);
        var copy = PartitionedModel.Load(_folder["copy/whole.onnx"]);
        using var image = copy.MakeInput(0, seed: 1);
        using var cut = LoadedCut.Load(copy, copy.Plan.AllOnDevice.Index);
        Assert.True(TensorDifference.Between(PlainRun.Of(network.ToBytes(), ("image", image))[0], cut.Run([image])[0]).IsWithin(1e-4));
    }

    [Fact]
    public void What_computes_nothing_is_not_written()
    {
        var model = SplitRun.Plan(ResNet18.Build(size: 32, classes: 10, width: 8));
        Assert.Null(model.WriteHead(0, _folder["head.onnx"]));
        Assert.Null(model.WriteTail(model.Plan.AllOnDevice.Index, _folder["tail.onnx"]));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Every_input_and_output_of_a_file_has_a_type()
    {
        var model = SplitRun.Plan(HalfConvNet.Build());
        foreach (var partition in model.Plan.Partitions.Where(static p => p.IsAdmissible))
        {
            model.WriteHead(partition.Index, _folder["head.onnx"]);
            if (partition.Index == 0) continue;
            var graph = SplitInfer.Models.Onnx.ModelProto.Parser.ParseFrom(File.ReadAllBytes(_folder["head.onnx"])).Graph;
            Assert.All(graph.Input.Concat(graph.Output), static value => Assert.NotEqual(0, value.Type.TensorType.ElemType));
        }
    }
}
