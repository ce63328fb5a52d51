using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class OutputShapeTests
{
    [Fact]
    public void A_scalar_comes_back_as_a_scalar()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Input("x", ElementType.Float32)));
        using var session = g.Load();
        using var input = TensorValue.From<float>([-3]);

        using var output = session.RunOne(input);

        Assert.Equal(0, output.Shape.Rank);
        Assert.Equal(0, output.Span<float>()[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void A_symbolic_axis_takes_the_size_that_the_input_gives(int rows)
    {
        using var session = Doubling("N", 3).Load();
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, rows, 3);

        using var output = session.RunOne(input);

        Assert.Equal(new TensorShape(rows, 3), output.Shape);
        Assert.Equal(input.Span<float>().ToArray().Select(static x => x + x), output.Span<float>().ToArray());
    }

    [Fact]
    public void A_shape_that_depends_on_data_is_known_afterwards()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("NonZero", [g.Input("x", ElementType.Float32, 4)]).Typed(ElementType.Int64));
        using var session = g.Load();

        foreach (var values in new float[][] { [1, 0, 0, 2], [0, 0, 0, 0], [1, 1, 1, 1] })
        {
            using var input = TensorValue.From<float>(values);
            using var output = session.RunOne(input);
            var expected = Enumerable.Range(0, 4).Where(i => values[i] != 0).Select(static i => (long)i).ToArray();
            Assert.Equal(new TensorShape(1, expected.Length), output.Shape);
            Assert.Equal(expected, output.Span<long>().ToArray());
        }
    }

    [Fact]
    public void An_output_may_be_an_input_a_constant_or_another_output()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 2);
        var twice = g.Add(x, x);
        g.Output(x);
        g.Output(g.Initializer(TensorValue.From<float>([7, 8])));
        g.Output(twice);
        g.Output(g.Identity(twice));
        using var session = g.Load();
        using var input = TensorValue.From<float>([1, 2]);

        var outputs = session.Run(input);

        Assert.Equal([[1f, 2], [7, 8], [2, 4], [2, 4]], outputs.Select(static output => output.Span<float>().ToArray()));
        foreach (var output in outputs) output.Dispose();
        Assert.Equal([1f, 2], input.Span<float>().ToArray());
    }

    [Fact]
    public void A_model_that_promises_the_wrong_shape_is_run_all_the_same()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 2, 6);
        // The engine cannot see through a shape that comes from an input, so it believes what the output says.
        g.Output(g.Node("Reshape", [x, g.Input("shape", ElementType.Int64, 2)]), "y");
        g.Graph.Output[0] = Infos.Of("y", ElementType.Float32, [4, 4]);
        using var session = g.Load();
        using var input = RandomTensor.Normal(new(1), ElementType.Float32, 2, 6);
        using var shape = TensorValue.From<long>([3, 4]);
        Assert.Equal<long>([4, 4], session.Outputs[0].Dimensions);

        for (var run = 0; run < 3; run++)
        {
            using var output = session.RunOne(input, shape);
            Assert.Equal(new TensorShape(3, 4), output.Shape);
            Assert.Equal(input.Bytes.ToArray(), output.Bytes.ToArray());
        }

    }

    /// <summary>The managed API tells the dimensions of both as none, so neither may be taken for the other.</summary>
    [Fact]
    public void A_scalar_and_a_value_of_unknown_rank_are_not_mixed_up()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float16, "N", 3);
        g.Output(g.Identity(x), "same");
        g.Output(g.Node("Reshape", [x, g.Input("shape", ElementType.Int64, "R")]), "any");
        g.Output(g.Identity(g.Input("scalar", ElementType.Int32)), "one");
        using var session = g.Load();
        using var input = RandomTensor.Normal(new(1), ElementType.Float16, 4, 3);
        using var scalar = TensorValue.From<int>([7]);
        Assert.Equal<long>([-1, 3], session.Outputs[0].Dimensions);
        Assert.Equal<string?>(["N", null], session.Outputs[0].Symbols);
        Assert.All(session.Outputs[1..], static output => Assert.False(output.HasShape));

        foreach (var sizes in new long[][] { [12], [2, 6], [2, 3, 2] })
        {
            using var shape = TensorValue.From<long>(sizes, sizes.Length);
            var outputs = session.Run(input, shape, scalar);

            Assert.Equal(new TensorShape(4, 3), outputs[0].Shape);
            Assert.Equal(new TensorShape(sizes), outputs[1].Shape);
            Assert.Equal(new TensorShape(), outputs[2].Shape);
            Assert.Equal(input.Bytes.ToArray(), outputs[1].Bytes.ToArray());
            Assert.Equal([7], outputs[2].Span<int>().ToArray());
            foreach (var output in outputs) output.Dispose();
        }
    }

    private static GraphBuilder Doubling(params ReadOnlySpan<Axis> axes)
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, axes);
        g.Output(g.Add(x, x));
        return g;
    }
}
