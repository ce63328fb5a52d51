using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Partitioning;

public class PlanTests
{
    [Fact]
    public void The_first_partition_sends_the_inputs_and_the_last_one_nothing()
    {
        var plan = SplitRun.Plan(Detector.Build()).Plan;

        Assert.Equal(plan.Inputs.Select(static i => i.Name), plan.AllOnServer.Boundary.Select(static b => b.Name));
        Assert.Equal(plan.Outputs.Select(static o => o.Name), plan.AllOnServer.TailOutputs.Select(static o => o.Name));
        Assert.Empty(plan.AllOnDevice.Boundary);
        Assert.Empty(plan.AllOnDevice.TailOutputs);
        Assert.Equal(Enumerable.Range(0, plan.Partitions.Length), plan.Partitions.Select(static p => p.Index));
    }

    [Fact]
    public void Head_and_tail_share_the_work_of_the_whole()
    {
        var plan = SplitRun.Plan(UNet.Build()).Plan;

        foreach (var partition in plan.Partitions)
        {
            var whole = partition.Head + partition.Tail;
            Assert.Equal(plan.AllOnDevice.Head.Nodes, whole.Nodes);
            Assert.Equal(plan.AllOnDevice.Head.Macs, whole.Macs, tolerance: 1);
            Assert.Equal(partition.Index, partition.Head.Nodes);
        }
    }

    [Fact]
    public void Bytes_are_those_of_the_boundary()
    {
        var plan = SplitRun.Plan(UNet.Build()).Plan;

        foreach (var partition in plan.Partitions)
            Assert.Equal(partition.Boundary.Sum(static b => b.Type.ByteSize(b.Shape.ElementCount)), partition.BoundaryBytes);
        Assert.Contains(plan.Partitions, static p => p.Boundary.Length > 2);
    }

    [Fact]
    public void An_arm_has_a_smaller_boundary_than_every_admissible_cut_before_it()
    {
        foreach (var graph in new[] { UNet.Build(), MobileNetV2.Build(), Detector.Build(), TransformerEncoder.Build() })
        {
            var plan = SplitRun.Plan(graph, new() { MinDepth = 3, MaxBoundaryTensors = 4 }).Plan;

            foreach (var partition in plan.Partitions)
            {
                var canWin = partition == plan.AllOnDevice
                    || (partition.IsAdmissible && plan.Partitions.Take(partition.Index).Where(static p => p.IsAdmissible).All(p => p.BoundaryBytes > partition.BoundaryBytes));
                Assert.Equal(canWin, partition.IsArm);
            }

            Assert.Equal(plan.Partitions.Where(static p => p.IsArm), plan.Arms.AsEnumerable());
            Assert.Same(plan.AllOnDevice, plan.Arms[^1]);
        }
    }

    [Fact]
    public void What_an_application_rules_out_is_refused_with_a_reason_and_changes_nothing_else()
    {
        var graph = UNet.Build();
        var free = SplitRun.Plan(graph, new() { MaxBoundaryTensors = 100 }).Plan;

        Check(new() { MinDepth = 5 }, static p => p.Index < 5, "MinDepth 5");
        Check(new() { MaxBoundaryTensors = 2 }, static p => p.Boundary.Length > 2, "MaxBoundaryTensors 2");
        Check(new() { MaxUploadBytes = 60_000 }, static p => p.BoundaryBytes > 60_000, "MaxUploadBytes 60000");

        void Check(PlanOptions options, Func<Partition, bool> isRuledOut, string words)
        {
            var plan = SplitRun.Plan(graph, options).Plan;
            Assert.Equal(free.Fingerprint, plan.Fingerprint);
            Assert.Contains(plan.Partitions, p => !isRuledOut(p));
            Assert.Contains(plan.Partitions, static p => !p.IsAdmissible);
            foreach (var partition in plan.Partitions)
            {
                Assert.Equal(isRuledOut(partition) && partition != plan.AllOnDevice, !partition.IsAdmissible);
                Assert.True(partition.IsPossible);
                if (!partition.IsAdmissible) Assert.Contains(words, partition.InadmissibleReason, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_least_depth_keeps_raw_input_on_the_device()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 2, 8);
        g.Output(g.Tanh(g.Add(g.Relu(g.Relu(x)), x)), "y");

        var plan = SplitRun.Plan(g, new() { MinDepth = 1 }).Plan;

        Assert.Equal([3, 4], plan.Partitions.Where(static p => p.IsAdmissible).Select(static p => p.Index));
        Assert.Contains("input 'x' would leave the device", plan.Partitions[2].InadmissibleReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_that_no_request_could_carry_is_refused_and_lists_nothing()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1);
        var parts = Enumerable.Range(0, 600).Select(_ => g.Tanh(x)).ToArray();
        g.Output(g.Node("Sum", parts), "y");

        var plan = SplitRun.Plan(g, new() { MaxBoundaryTensors = 10_000 }).Plan;

        Assert.True(plan.Partitions[511].IsAdmissible);
        Assert.Equal(512, plan.Partitions[511].Boundary.Length);
        Assert.Contains("at most 512", plan.Partitions[512].InadmissibleReason, StringComparison.Ordinal);
        Assert.Empty(plan.Partitions[512].Boundary);
        Assert.False(plan.Partitions[600].IsPossible);
        Assert.True(plan.AllOnDevice.IsAdmissible);
    }

    [Fact]
    public void Another_model_has_another_fingerprint()
    {
        var one = SplitRun.Plan(FunctionNet.Build(seed: 1)).Plan;
        var sameGraph = SplitRun.Plan(FunctionNet.Build(seed: 2)).Plan;
        var other = SplitRun.Plan(AudioNet.Build()).Plan;

        Assert.NotEqual(one.Model, sameGraph.Model);
        Assert.Equal(one.Fingerprint, sameGraph.Fingerprint);
        Assert.NotEqual(one.Fingerprint, other.Fingerprint);
    }

    [Fact]
    public void A_cut_that_no_one_has_is_named()
    {
        var model = SplitRun.Plan(FunctionNet.Build());

        Assert.Contains("0 to", Assert.Throws<ArgumentException>(() => model.Head(-1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.Tail(model.Plan.Partitions.Length));
    }

    [Theory]
    [InlineData(-1, 0, null)]
    [InlineData(1, -1, null)]
    [InlineData(1, 0, -1L)]
    public void Options_that_make_no_sense_are_refused(int tensors, int depth, long? upload) =>
        Assert.Throws<ArgumentException>(() => SplitRun.Plan(FunctionNet.Build(), new() { MaxBoundaryTensors = tensors, MinDepth = depth, MaxUploadBytes = upload }));
}
