using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class SharingTests
{
    private const int Size = 64;

    [Fact]
    public void An_initializer_that_is_given_replaces_that_of_the_model()
    {
        var g = Scaled(factor: 2);
        using var ten = TensorValue.From<float>([10], 1);
        using var replaced = g.Load(settings: new() { Initializers = [("factor", ten)] });
        using var input = TensorValue.From<float>([3], 1);

        using var output = replaced.RunOne(input);

        Assert.Equal(30, output.Span<float>()[0]);
    }

    [Fact]
    public void A_session_keeps_the_initializers_that_it_reads_in_place()
    {
        var g = Scaled(factor: 2);
        var ten = TensorValue.From<float>([10], 1);
        using var session = g.Load(settings: new() { Initializers = [("factor", ten)] });
        ten.Dispose();
        // Whoever rents next would get the memory of the tensor if the session had not kept it.
        var others = Enumerable.Range(0, 100).Select(static _ => TensorValue.From<float>([-1], 1)).ToArray();
        using var input = TensorValue.From<float>([3], 1);

        using var output = session.RunOne(input);

        Assert.Equal(30, output.Span<float>()[0]);
        foreach (var other in others) other.Dispose();
    }

    [Fact]
    public void Text_cannot_be_shared_with_a_session_that_wants_numbers()
    {
        using var text = TensorValue.From(["ten"], new(1));

        Assert.Throws<EngineException>(() => Scaled(factor: 2).Load(settings: new() { Initializers = [("factor", text)] }).Dispose());
    }

    [Fact]
    public void Sessions_that_share_weights_arena_and_layout_agree_with_one_that_does_not()
    {
        var (g, name) = Dense();
        using var weight = RandomTensor.Normal(new(7), ElementType.Float32, Size, Size);
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, Size);
        using var alone = g.Load(settings: new() { Initializers = [(name, weight)] });
        using var expected = alone.RunOne(input);
        var group = SessionRuns.Engine.CreateGroup();
        var settings = new SessionSettings { Initializers = [(name, weight)], UseSharedArena = true };
        using var first = group.Load(g.ToBytes(), new() { IntraOpThreads = 1 }, settings);
        using var second = group.Load(g.ToBytes(), new() { IntraOpThreads = 1 }, settings);
        group.Dispose();

        foreach (var session in new[] { first, second, first })
        {
            using var output = session.RunOne(input);
            Assert.Equal(expected.Span<float>().ToArray(), output.Span<float>().ToArray());
        }
    }

    [Fact]
    public void The_optimised_model_runs_as_the_engine_would_run_it()
    {
        var (g, _) = Dense();
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, Size);
        using var session = g.Load();
        using var again = SessionRuns.Engine.Load(SessionRuns.Engine.Optimize(g.ToBytes(), new(), null).ToArray(), new() { Optimization = GraphOptimization.None });

        using var expected = session.RunOne(input);
        using var output = again.RunOne(input);

        Assert.Equal(expected.Span<float>().ToArray(), output.Span<float>().ToArray());
    }

    /// <summary>The managed API does not keep the bytes where they are while native code reads them.</summary>
    [Fact]
    public async Task A_model_is_optimised_while_memory_is_collected()
    {
        const int Nodes = 200, Rounds = 800;
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 4);
        for (var i = 0; i < Nodes; i++) x = g.Relu(x);
        g.Output(x);
        var model = g.ToBytes();
        using var stop = new CancellationTokenSource();
        var collector = Task.Run(() =>
        {
            // What is moved away is written over, and lives long enough to have things moved around it.
            var (random, kept) = (new Random(1), new byte[1000][]);
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
                for (var i = 0; i < 2000; i++) Array.Fill(kept[random.Next(kept.Length)] = new byte[random.Next(100, 5000)], (byte)0xFF);
            }
        });

        try
        {
            for (var i = 0; i < Rounds; i++) SessionRuns.Engine.Optimize([.. model], new() { IntraOpThreads = 1 }, null);
        }
        finally
        {
            await stop.CancelAsync();
            await collector;
        }
    }

    [Fact]
    public void The_optimised_model_holds_the_weights_that_lay_in_a_second_file()
    {
        using var folder = new TestFolder();
        var (g, _) = Dense();
        g.Save(folder["model.onnx"], "weights.bin");
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, Size);
        using var session = g.Load();

        using var again = SessionRuns.Engine.Load(SessionRuns.Engine.Optimize(File.ReadAllBytes(folder["model.onnx"]), new(), folder.Path).ToArray(), new());

        using var expected = session.RunOne(input);
        using var output = again.RunOne(input);
        Assert.Equal(expected.Span<float>().ToArray(), output.Span<float>().ToArray());
    }

    private static GraphBuilder Scaled(float factor)
    {
        var g = new GraphBuilder();
        g.Output(g.Mul(g.Input("x", ElementType.Float32, 1), g.Initializer(TensorValue.From<float>([factor], 1), "factor")));
        return g;
    }

    private static (GraphBuilder Graph, string Weight) Dense()
    {
        var g = new GraphBuilder();
        var weight = g.Weight(ElementType.Float32, Size, 1, Size, Size);
        g.Output(g.MatMul(g.Input("x", ElementType.Float32, 2, Size), weight));
        return (g, weight.Name);
    }
}
