using SplitInfer.Batching;
using SplitInfer.Execution;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Batching;

public sealed class BatchSegmentTests
{
    private static readonly ExecutionOptions Execution = new() { IntraOpThreads = 1 };

    [Theory]
    [InlineData("resnet18")]
    [InlineData("mobilenet_v2")]
    public void Tails_of_one_image_take_several(string name)
    {
        var model = PartitionedModel.Load(NetworkCatalog.All[name]().ToBytes());
        Partition[] tails = [.. model.Plan.Arms.Where(arm => arm != model.Plan.AllOnDevice)];
        foreach (var tail in (Partition[])[tails[0], tails[tails.Length / 2], tails[^1]]) Assert.Null(Compare(model, tail.Index));
    }

    [Fact]
    public void A_reshape_behind_the_cut_takes_the_rows_that_come()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Input("x", ElementType.Float32, 1, 4, 5, 5));
        g.Output(g.Gemm(g.Reshape(g.Transpose(g.Reshape(x, 1, 4, 25), 0, 2, 1), 1, 100), 7), "y");
        var model = PartitionedModel.Load(g.ToBytes());
        for (var k = 0; k < model.Plan.AllOnDevice.Index; k++)
            if (model.Plan.Partitions[k].IsPossible && !model.Plan.Partitions[k].TailOutputs.IsEmpty) Assert.Null(Compare(model, k));
    }

    [Fact]
    public void A_state_that_goes_from_step_to_step_is_no_batch()
    {
        var g = new GraphBuilder();
        g.Output(g.Lstm(g.Input("x", ElementType.Float32, 1, 1, 6), 5).Sequence, "y");
        Assert.NotNull(Compare(PartitionedModel.Load(g.ToBytes()), 0));
    }

    /// <summary>Compares batches of 1 and 3 with what each row yields alone.</summary>
    private static string? Compare(PartitionedModel model, int partition)
    {
        var tail = model.Tail(partition);
        using var alone = new SegmentRunner(tail.Load(Execution), tail.Inputs, tail.Outputs);
        var free = BatchSegment.Of(tail, Execution);
        Assert.Equal(tail.Inputs.Select(static input => input.Name), free.Inputs.Select(static input => input.Name));
        using var together = new SegmentRunner(free.Load(Execution), free.Inputs, free.Outputs);
        foreach (var count in (int[])[1, 3])
        {
            TensorValue[][] rows = [.. Enumerable.Range(0, count).Select(seed => model.MakeInputs(tail, seed))];
            TensorValue[] batch = [.. rows[0].Select(row => BatchRows.Allocate(row, count))];
            for (var place = 0; place < count; place++)
                for (var i = 0; i < batch.Length; i++) BatchRows.Put(rows[place][i], batch[i], place);
            try
            {
                if (BatchRows.Compare([.. rows.Select(row => Run(alone, row))], Run(together, batch), [.. tail.Outputs.Select(static output => output.Name)]) is { } fault) return fault;
            }
            catch (EngineException error)
            {
                return error.Message;
            }
        }

        return null;
    }

    private static TensorValue[] Run(SegmentRunner runner, TensorValue[] inputs)
    {
        var outputs = new TensorValue[runner.Outputs.Count];
        runner.Run(inputs, outputs, CancellationToken.None);
        return outputs;
    }
}
