using SplitInfer.Core.Tests.Execution.OnnxRuntime;
using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution;

public sealed class SegmentRunnerTests
{
    [Fact]
    public async Task Values_come_in_the_order_of_the_specs()
    {
        using var session = Weighing().Load();
        using var runner = new SegmentRunner(
            session,
            [new("b", ElementType.Float32, Dimension.Symbolic("N")), new("a", ElementType.Float32, Dimension.Symbolic("N"))],
            [new("difference", ElementType.Float32, Dimension.Symbolic("N"))]);
        using var a = TensorValue.From<float>([5], 1);
        using var b = TensorValue.From<float>([3], 1);
        var outputs = new TensorValue[1];

        await runner.RunAsync(new[] { b, a }, outputs);

        using var output = outputs[0];
        Assert.Equal(2, output.Span<float>()[0]);
    }

    [Fact]
    public async Task An_input_of_the_wrong_type_or_shape_is_named()
    {
        using var session = Weighing().Load();
        using var runner = session.ToRunner();
        using var good = TensorValue.From<float>([1, 2], 2);
        using var wrongType = TensorValue.From<int>([1, 2], 2);
        using var wrongRank = TensorValue.From<float>([1, 2], 1, 2);

        var type = await Assert.ThrowsAsync<TensorMismatchException>(() => runner.RunAsync(new[] { good, wrongType }, new TensorValue[2]).AsTask());
        var shape = await Assert.ThrowsAsync<TensorMismatchException>(() => runner.RunAsync(new[] { wrongRank, good }, new TensorValue[2]).AsTask());
        var count = await Assert.ThrowsAsync<TensorMismatchException>(() => runner.RunAsync(new[] { good }, new TensorValue[2]).AsTask());
        var room = await Assert.ThrowsAsync<TensorMismatchException>(() => runner.RunAsync(new[] { good, good }, new TensorValue[1]).AsTask());

        Assert.Equal("Input 'b' must be b float32 N, but the tensor given is int32 2.", type.Message);
        Assert.Equal("Input 'a' must be a float32 N, but the tensor given is float32 1×2.", shape.Message);
        Assert.Contains("takes 2 inputs", count.Message, StringComparison.Ordinal);
        Assert.Contains("there is room for 1", room.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_that_the_session_does_not_have_is_named()
    {
        using var session = Weighing().Load();

        var error = Assert.Throws<TensorMismatchException>(() => new SegmentRunner(session, [new("c", ElementType.Float32)], []));

        Assert.Contains("no input 'c'. It has: a, b", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Outputs_of_known_shape_are_written_in_place_in_aligned_memory(int size)
    {
        using var session = Weighing().Load();
        using var a = RandomTensor.Normal(new(1), ElementType.Float32, size);

        var outputs = session.Run(a, a);

        foreach (var output in outputs)
        {
            Assert.Equal(0, AddressOf(output) % TensorBuffer.Alignment);
            output.Dispose();
        }
    }

    [Fact]
    public async Task Runs_may_overlap()
    {
        using var session = Weighing().Load();
        using var runner = session.ToRunner();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            var random = new Random(worker);
            for (var round = 0; round < 100; round++)
            {
                var size = random.Next(1, 2000);
                using var a = RandomTensor.Normal(random, ElementType.Float32, size);
                using var b = RandomTensor.Normal(random, ElementType.Float32, size);
                var outputs = new TensorValue[2];
                await runner.RunAsync(new[] { a, b }, outputs);
                Assert.Equal(a.Span<float>()[size - 1] + b.Span<float>()[size - 1], outputs[0].Span<float>()[size - 1]);
                Assert.Equal(a.Span<float>()[0] - b.Span<float>()[0], outputs[1].Span<float>()[0]);
                foreach (var output in outputs) output.Dispose();
            }
        }));
    }

    [Fact]
    public async Task Runs_that_are_under_way_survive_disposal()
    {
        using var a = RandomTensor.Normal(new(1), ElementType.Float32, 100_000);
        for (var round = 0; round < 20; round++)
        {
            var runner = Weighing().Load().ToRunner();
            var outputs = Enumerable.Range(0, 4).Select(static _ => new TensorValue[2]).ToArray();
            var runs = outputs.Select(room => runner.RunAsync(new[] { a, a }, room).AsTask()).ToArray();
            runner.Dispose();
            foreach (var (run, room) in runs.Zip(outputs))
            {
                // One that had not begun yet finds the session closed; one that had ends as if nothing had happened.
                if (await Record.ExceptionAsync(() => run) is { } error)
                {
                    Assert.IsType<ObjectDisposedException>(error);
                    continue;
                }

                Assert.Equal(2 * a.Span<float>()[99_999], room[0].Span<float>()[99_999]);
                foreach (var output in room) output.Dispose();
            }
        }
    }

    private static GraphBuilder Weighing()
    {
        var g = new GraphBuilder();
        var (a, b) = (g.Input("a", ElementType.Float32, "N"), g.Input("b", ElementType.Float32, "N"));
        g.Output(g.Add(a, b), "sum");
        g.Output(g.Sub(a, b), "difference");
        return g;
    }

    private static unsafe nint AddressOf(TensorValue tensor) => (nint)tensor.Pointer;
}
