using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>A few numbers that become a huge tensor inside a run.</summary>
public class ArenaTests
{
    private const long MiB = 1 << 20;

    internal static readonly SessionSettings Shared = new() { UseSharedArena = true };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Outputs_over_the_limit_are_refused_and_the_session_goes_on(bool isShapeKnown)
    {
        var options = SplitRun.Execution.Within(maxArenaBytes: null, maxOutputBytes: 4096);
        using var session = options.Engine.Load(isShapeKnown ? Known() : Expanding("Relu"), options, Shared);

        var error = Assert.Throws<SizeLimitException>(() => Run(session, 1025));

        Assert.Contains("4096", error.Message, StringComparison.Ordinal);
        using var output = Run(session, isShapeKnown ? 1024 : 1000);
        Assert.InRange(output.ByteLength, 4000, 4096);

        static byte[] Known()
        {
            var g = new GraphBuilder();
            g.Input("size", ElementType.Int64, 1);
            g.Output(g.Relu(g.Input("x", ElementType.Float32, "n")), "y");
            return g.ToBytes();
        }
    }

    [Fact]
    public void A_need_of_every_run_is_left_alone_and_that_of_one_is_not()
    {
        var trims = 0;
        var trimming = new ArenaTrimming(() => trims++, resident: 100 * MiB);

        // Once, and nothing after it.
        trimming.OnRun();
        Assert.Equal((true, false), trimming.Look(3000 * MiB));
        trimming.Rebase(110 * MiB);
        trimming.OnRun();
        Assert.Equal((false, false), trimming.Look(120 * MiB));

        // Again and again: it is taken back once, and then left.
        trimming.OnRun();
        Assert.Equal((true, false), trimming.Look(1000 * MiB));
        trimming.Rebase(110 * MiB);
        foreach (var _ in new int[5])
        {
            trimming.OnRun();
            Assert.Equal((false, true), trimming.Look(1000 * MiB));
        }

        // Far more than that.
        trimming.OnRun();
        Assert.Equal((true, false), trimming.Look(4000 * MiB));
        trimming.Rebase(110 * MiB);
        trimming.OnRun();
        Assert.Equal((false, true), trimming.Look(1000 * MiB));

        // No run since.
        Assert.Equal((true, false), trimming.Look(1000 * MiB));
        Assert.Equal(4, trims);
    }

    internal static byte[] Expanding(string last)
    {
        var g = new GraphBuilder();
        var size = g.Input("size", ElementType.Int64, 1);
        var expanded = g.Node("Expand", [g.Input("x", ElementType.Float32, "n"), size]);
        g.Output(last == "Relu" ? g.Relu(expanded) : g.Node(last, [g.Relu(expanded)], ("keepdims", 1)), "y");
        return g.ToBytes();
    }

    internal static TensorValue Run(IEngineSession session, long size)
    {
        var inputs = session.Inputs.Select(input => input.Name == "size" ? TensorValue.From<long>([size], 1) : Ones(session.Outputs[0].Symbols is [not null] && session.Outputs[0].Symbols[0] == input.Symbols[0] ? (int)size : 1)).ToArray();
        var outputs = new TensorValue[1];
        try
        {
            session.Run(inputs, outputs);
            return outputs[0];
        }
        finally
        {
            foreach (var tensor in inputs) tensor.Dispose();
        }

        static TensorValue Ones(int count) => TensorValue.From<float>([.. Enumerable.Repeat(1f, count)], count);
    }
}
