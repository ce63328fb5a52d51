using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Graphs that use what few models use.</summary>
public class OddGraphTests
{
    private readonly GraphBuilder _g = new();

    [Fact]
    public void Inputs_and_outputs_that_are_left_out_stay_left_out()
    {
        var x = _g.Relu(_g.Input("x", ElementType.Float32, 3, 1, 4));
        var (w, r) = (_g.Initializer(RandomTensor.Normal(new(1), x.Type, 1, 20, 4)), _g.Initializer(RandomTensor.Normal(new(2), x.Type, 1, 20, 5)));
        var state = _g.Initializer(RandomTensor.Normal(new(3), x.Type, 1, 1, 5));
        var cell = _g.Nodes("", "LSTM", [x, w, r, null, null, state], 2, ("hidden_size", 5))[1];
        _g.Output(_g.Tanh(_g.Node("Clip", [cell, null, _g.Scalar(x.Type, 0.1)])), "y");
        var model = _g.Build();
        model.Graph.Node.Single(static n => n.OpType == "LSTM").Output[0] = "";

        Assert.Equal([0, 1, 2, 3, 4], SplitRun.CheckEveryCut(model.ToByteArray()));
    }

    [Fact]
    public void One_random_number_is_drawn_on_one_side_only()
    {
        var x = X();
        var drawn = _g.Node("RandomNormal", [], ("shape", new long[] { 2, 8 }));
        var noise = _g.Node("RandomNormalLike", [x]);
        var there = _g.Add(_g.Add(x, drawn), noise);
        _g.Output(_g.Sub(_g.Sub(there, drawn), noise), "y");
        var model = SplitRun.Plan(_g);
        var inputs = model.MakeInputs(1);

        Assert.Equal(7, model.Plan.Partitions.Length);
        foreach (var partition in model.Plan.Partitions)
            Assert.True(TensorDifference.Between(inputs[0], SplitRun.Cut(model, partition.Index, inputs)[0]).IsWithin(1e-4), $"{partition.Index}");
    }

    [Fact]
    public void A_sparse_initializer_goes_to_the_side_that_uses_it()
    {
        var x = X();
        _g.Output(_g.Tanh(_g.Node("MatMul", [_g.Relu(x), new("sparse", ElementType.Float32)])), "y");
        var model = _g.Build();
        model.Graph.SparseInitializer.Add(new SparseTensorProto
        {
            Dims = { 8, 3 },
            Values = Writing(TensorValue.From<float>([1, -2, 3]), "sparse"),
            Indices = Writing(TensorValue.From<long>([0, 7, 23]), ""),
        });

        Assert.Equal([0, 1, 2, 3], SplitRun.CheckEveryCut(model.ToByteArray()));
        var split = SplitRun.Plan(model.ToByteArray());
        Assert.Empty(Parse(split.Head(1)).SparseInitializer);
        Assert.Single(Parse(split.Tail(1)).SparseInitializer);
    }

    [Fact]
    public void A_quantisation_annotation_stays_with_its_value_and_brings_its_scale()
    {
        var x = _g.Relu(X());
        _g.Output(_g.Tanh(x), "y");
        var model = _g.Build();
        model.Graph.Initializer.Add(Writing(TensorValue.From<float>([0.5f]), "scale"));
        model.Graph.QuantizationAnnotation.Add(new TensorAnnotation
        {
            TensorName = x.Name, QuantParameterTensorNames = { new StringStringEntryProto { Key = "SCALE_TENSOR", Value = "scale" } },
        });
        model.Graph.QuantizationAnnotation.Add(new TensorAnnotation { TensorName = "y" });
        var split = SplitRun.Plan(model.ToByteArray());

        SplitRun.CheckEveryCut(model.ToByteArray());
        Assert.Equal([x.Name], Parse(split.Head(1)).QuantizationAnnotation.Select(static a => a.TensorName));
        Assert.Equal([x.Name, "y"], Parse(split.Tail(1)).QuantizationAnnotation.Select(static a => a.TensorName));
        Assert.Equal(["scale"], Parse(split.Head(1)).Initializer.Select(static i => i.Name));
    }

    [Fact]
    public void Metadata_and_descriptions_stay_on_both_sides()
    {
        var x = _g.Relu(X());
        _g.Output(_g.Tanh(x), "y");
        var model = _g.Build();
        model.MetadataProps.Add(new StringStringEntryProto { Key = "author", Value = "someone" });
        var description = ByteString.CopyFrom(0xE9, 0x74, 0xE9); // été, but not in UTF-8
        model.Graph.DocString = description;
        model.Graph.ValueInfo.Add(new ValueInfoProto { Name = x.Name, DocString = description });
        var split = SplitRun.Plan(model.ToByteArray());

        foreach (var side in new[] { split.Head(1), split.Tail(1) })
        {
            Assert.Equal("someone", ModelProto.Parser.ParseFrom(side.ToBytes()).MetadataProps.Single().Value);
            Assert.Equal(description, Parse(side).DocString);
        }

        Assert.Equal(description, Parse(split.Whole()).ValueInfo.Single().DocString);
    }

    [Fact]
    public void Initializers_are_no_inputs_of_segments_so_that_they_fold()
    {
        var g = new GraphBuilder(irVersion: 3);
        g.Output(g.Relu(g.Dense(g.Input("x", ElementType.Float32, 1, 4), 4)), "y");
        var model = SplitRun.Plan(g);

        SplitRun.CheckEveryCut(g);
        var whole = ModelProto.Parser.ParseFrom(model.Whole().ToBytes());
        Assert.Equal(["x"], whole.Graph.Input.Select(static i => i.Name));
        Assert.True(whole.IrVersion >= 4);
    }

    [Fact]
    public void Each_side_holds_the_weights_that_it_uses()
    {
        var shared = _g.Initializer(RandomTensor.Normal(new(1), ElementType.Float32, 8), "shared");
        var (front, back) = (_g.Initializer(RandomTensor.Normal(new(2), ElementType.Float32, 8), "front"), _g.Initializer(RandomTensor.Normal(new(3), ElementType.Float32, 8), "back"));
        _g.Initializer(RandomTensor.Normal(new(4), ElementType.Float32, 8), "unused");
        _g.Output(_g.Add(_g.Add(_g.Add(_g.Add(X(), front), shared), shared), back), "y");

        SplitRun.CheckEveryCut(_g);
        var split = SplitRun.Plan(_g);
        Assert.Equal(["shared", "front"], Parse(split.Head(2)).Initializer.Select(static i => i.Name));
        Assert.Equal(["shared", "back"], Parse(split.Tail(2)).Initializer.Select(static i => i.Name));
    }

    [Fact]
    public void What_constants_compute_is_computed_on_the_side_that_needs_it()
    {
        var x = X();
        var table = _g.Tanh(_g.Constant(TensorValue.From<float>([1, 2, 3, 4, 5, 6, 7, 8])));
        _g.Output(_g.Add(_g.Add(_g.Relu(x), table), _g.Relu(table)), "y");

        SplitRun.CheckEveryCut(_g);
        var split = SplitRun.Plan(_g);
        Assert.Equal(4, split.Plan.Partitions.Length);
        Assert.Equal(["Relu"], Parse(split.Head(1)).Node.Select(static n => n.OpType));
        Assert.Equal(["Constant", "Tanh", "Relu", "Add", "Add"], Parse(split.Tail(1)).Node.Select(static n => n.OpType));
    }

    private Value X() => _g.Input("x", ElementType.Float32, 2, 8);

    private static TensorProto Writing(TensorValue tensor, string name) => TensorProtoWriter.Write(tensor, name);

    private static GraphProto Parse(SegmentModel segment) => ModelProto.Parser.ParseFrom(segment.ToBytes()).Graph;
}
