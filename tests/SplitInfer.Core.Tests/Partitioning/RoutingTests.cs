using Google.Protobuf;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Where inputs and outputs are found on either side of a cut.</summary>
public class RoutingTests
{
    private readonly GraphBuilder _g = new();

    [Fact]
    public void A_constant_output_is_yielded_by_the_device()
    {
        var x = X();
        _g.Output(_g.Constant(TensorValue.From<float>([1, 2, 3])), "computed");
        _g.Output(_g.Initializer(TensorValue.From<float>([4, 5]), "given"));
        _g.Output(_g.Tanh(_g.Relu(x)), "y");

        Assert.Equal([0, 1, 2], SplitRun.CheckEveryCut(_g));
        var model = SplitRun.Plan(_g);
        Assert.Equal(["computed", "given"], model.Head(0).Outputs.Select(static o => o.Name));
        Assert.Equal(["y"], model.Plan.AllOnServer.TailOutputs.Select(static o => o.Name));
    }

    [Fact]
    public void A_value_that_is_an_output_twice_is_yielded_twice()
    {
        var x = X();
        _g.Output(_g.Tanh(_g.Relu(x)), "y");
        var model = _g.Build();
        model.Graph.Output.Add(model.Graph.Output[0]);
        var split = SplitRun.Plan(model.ToByteArray());

        Assert.Equal(["y", "y"], split.Plan.Outputs.Select(static o => o.Name));
        Assert.Equal(["y"], split.Tail(1).Outputs.Select(static o => o.Name));
        foreach (var partition in split.Plan.Partitions)
        {
            var outputs = SplitRun.Cut(split, partition.Index, split.MakeInputs(1));
            Assert.Same(outputs[0], outputs[1]);
        }
    }

    [Fact]
    public void A_model_of_constants_only_has_one_partition()
    {
        _g.Output(_g.Tanh(_g.Constant(TensorValue.From<float>([1, 2, 3]))), "y");

        var plan = SplitRun.Plan(_g).Plan;

        Assert.Same(plan.AllOnServer, plan.AllOnDevice);
        Assert.Empty(plan.AllOnDevice.TailOutputs);
    }

    [Fact]
    public void An_input_that_is_an_output_never_leaves_the_device_for_that()
    {
        var x = X();
        _g.Output(x);
        _g.Output(_g.Tanh(_g.Relu(x)), "y");

        SplitRun.CheckEveryCut(_g);
        var model = SplitRun.Plan(_g);
        Assert.Equal([new(ValueOrigin.Input, 0), new ValueSource(ValueOrigin.Head, 0)], model.Route(2).Outputs.AsEnumerable());
        Assert.DoesNotContain("x", model.Plan.Partitions[1].Boundary.Select(static b => b.Name));
    }

    [Fact]
    public void A_model_that_only_passes_its_input_on_is_refused()
    {
        _g.Relu(_g.Output(X()));

        Assert.Contains("nothing to run", Assert.Throws<ModelNotSupportedException>(() => SplitRun.Plan(_g)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_is_used_later_crosses_and_is_not_sent_back()
    {
        var early = _g.Output(_g.Relu(X()), "early");
        _g.Output(_g.Tanh(_g.Sigmoid(early)), "late");

        SplitRun.CheckEveryCut(_g);
        var partition = SplitRun.Plan(_g).Plan.Partitions[1];
        Assert.Equal(["early"], partition.Boundary.Select(static b => b.Name));
        Assert.Equal(["late"], partition.TailOutputs.Select(static o => o.Name));
    }

    [Fact]
    public void An_output_that_is_finished_does_not_cross()
    {
        var x = X();
        _g.Output(_g.Relu(x), "early");
        _g.Output(_g.Tanh(x), "late");

        SplitRun.CheckEveryCut(_g);
        Assert.Equal(["x"], SplitRun.Plan(_g).Plan.Partitions[1].Boundary.Select(static b => b.Name));
    }

    [Fact]
    public void An_input_that_nothing_reads_is_taken_and_not_passed()
    {
        _g.Input("unused", ElementType.Int64, 5);
        _g.Output(_g.Tanh(_g.Relu(X())), "y");

        SplitRun.CheckEveryCut(_g);
        var model = SplitRun.Plan(_g);
        Assert.Equal(["unused", "x"], model.Plan.Inputs.Select(static i => i.Name));
        Assert.Equal([1], model.Route(1).HeadInputs.AsEnumerable());
        Assert.Equal(["x"], model.Plan.AllOnServer.Boundary.Select(static b => b.Name));
    }

    private Value X() => _g.Input("x", ElementType.Float32, 2, 8);
}
