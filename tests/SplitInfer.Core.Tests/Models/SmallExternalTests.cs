using System.Globalization;
using Google.Protobuf;
using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Models;

/// <summary>Small constants in other files, which the engine must know when it infers.</summary>
public sealed class SmallExternalTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SharedFact]
    public void Constants_that_were_met_outside_are_known_when_the_model_is_planned()
    {
        var model = PartitionedModel.Load(SharedData.Case("external-small-constants/model.onnx"), null, SplitRun.Execution);
        var inputs = model.MakeInputs(1);

        Assert.Null(model.Plan.MeasureFailure);
        var whole = SplitRun.Cut(model, model.Plan.AllOnDevice.Index, inputs);
        foreach (var partition in model.Plan.Partitions.Where(static p => p.IsAdmissible))
            Assert.True(TensorDifference.Between(whole[0], SplitRun.Cut(model, partition.Index, inputs)[0]).IsWithin(0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_shape_in_another_file_fixes_what_is_reshaped_to_it(bool isListedAsInput)
    {
        var model = Reshaped(out var shape);
        if (isListedAsInput) model.Graph.Input.Add(Infos.Of(shape));
        Externalize(model, shape);

        var loaded = Load(model);

        Assert.Equal(new TensorShape(3, 4), loaded.Plan.Outputs[0].Shape);
        Assert.Equal(["x"], loaded.Plan.Inputs.Select(static i => i.Name));
        SplitRun.Cut(loaded, 1, loaded.MakeInputs(1));
    }

    [Fact]
    public void Tensors_of_attributes_bodies_and_functions_are_taken_in()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 2, 6);
        g.Function("own", "Reshaped", ["x"], static (f, inputs) => f.Output(f.Node("Reshape", [inputs[0], f.Constant(TensorValue.From<long>([3, 4]))])));
        var (then, other) = (Body("then"), Body("other"));
        var chosen = g.Node("If", [g.Input("flag", ElementType.Bool)], ("then_branch", then), ("else_branch", other)).Typed(ElementType.Float32);
        g.Output(g.Relu(chosen), "y");
        var model = g.Build();
        foreach (var tensor in TensorWalk.Tensors(model).ToArray()) Externalize(model, tensor);

        var loaded = Load(model);

        Assert.Equal(new TensorShape(4, 3), loaded.Plan.Outputs[0].Shape);
        Assert.Equal(loaded.Plan.Partitions.Length, loaded.Plan.Partitions.Count(static p => p.IsAdmissible));
        SplitRun.Cut(loaded, 1, loaded.MakeInputs(1));

        GraphBuilder Body(string name)
        {
            var body = g.Body(name);
            var inFunction = body.Nodes("own", "Reshaped", [x], 1)[0];
            body.Output(body.Node("Reshape", [inFunction, body.Constant(TensorValue.From<long>([4, 3]))]));
            return body;
        }
    }

    [Fact]
    public void The_fingerprint_is_that_of_the_files_and_not_of_what_was_taken_in()
    {
        var model = Reshaped(out var shape);
        Externalize(model, shape);
        var (first, inside) = (Load(model).Plan.Model, OnnxModel.Parse(Reshaped(out _).ToByteArray()).Fingerprint);
        File.AppendAllText(_folder["0.bin"], "behind what is read");

        Assert.NotEqual(inside, first);
        Assert.NotEqual(first, OnnxModel.Load(_folder["model.onnx"]).Fingerprint);
    }

    [Fact]
    public void Large_tensors_stay_in_their_file()
    {
        var g = new GraphBuilder();
        var large = g.Initializer(RandomTensor.Normal(new(1), ElementType.Float32, 128, 129));
        var small = g.Initializer(RandomTensor.Normal(new(1), ElementType.Float32, 128, 128));
        g.Output(g.Node("MatMul", [g.Node("MatMul", [g.Input("x", ElementType.Float32, 1, 128), small]), large]), "y");
        var model = g.Build();
        foreach (var tensor in model.Graph.Initializer) Externalize(model, tensor);

        var read = Read(model).Graph.Initializer;

        Assert.Equal([true, false], read.Select(static t => t.DataLocation == TensorProto.Types.DataLocation.External));
        Assert.Equal(65536, read[1].RawData.Length);
    }

    [Fact]
    public void Many_small_ones_are_taken_in_up_to_a_bound()
    {
        var g = new GraphBuilder();
        for (var i = 0; i < 1100; i++) g.Graph.Initializer.Add(new TensorProto { Name = $"c{i}", DataType = (int)ElementType.UInt8, Dims = { 65536 }, DataLocation = TensorProto.Types.DataLocation.External, ExternalData = { Entry("location", "all.bin") } });
        g.Output(g.Relu(g.Input("x", ElementType.Float32, 1)), "y");
        File.WriteAllBytes(_folder["all.bin"], new byte[65536]);

        Assert.Equal(1024, Read(g.Build()).Graph.Initializer.Count(static t => t.DataLocation == TensorProto.Types.DataLocation.Default));
    }

    private static ModelProto Reshaped(out TensorProto shape)
    {
        var g = new GraphBuilder();
        var to = g.Initializer(TensorValue.From<long>([3, 4]), "shape");
        g.Output(g.Relu(g.Node("Reshape", [g.Input("x", ElementType.Float32, 2, 6), to])), "y");
        var model = g.Build();
        shape = model.Graph.Initializer[0];
        return model;
    }

    private void Externalize(ModelProto model, TensorProto tensor)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{TensorWalk.Tensors(model).TakeWhile(t => !ReferenceEquals(t, tensor)).Count()}.bin");
        File.WriteAllBytes(_folder[name], [1, 2, 3, .. tensor.RawData.ToByteArray()]);
        tensor.ExternalData.AddRange([Entry("location", name), Entry("offset", "3"), Entry("length", tensor.RawData.Length.ToString(CultureInfo.InvariantCulture))]);
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ClearRawData();
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private OnnxModel Read(ModelProto model)
    {
        File.WriteAllBytes(_folder["model.onnx"], ModelBytes.Of(model));
        return OnnxModel.Load(_folder["model.onnx"]);
    }

    private PartitionedModel Load(ModelProto model) => PartitionedModel.From(Read(model), null, SplitRun.Execution);
}
