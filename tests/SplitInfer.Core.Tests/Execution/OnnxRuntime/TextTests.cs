using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class TextTests
{
    [Fact]
    public void Text_passes_through()
    {
        string[] text = ["one", "", "Größe", "水", "🙂", "with\0zero"];

        using var output = Echo(TensorValue.From(text, new(2, 3)), 2, 3);

        Assert.Equal(ElementType.Text, output.ElementType);
        Assert.Equal(new TensorShape(2, 3), output.Shape);
        Assert.Equal(text, output.Text);
    }

    [Fact]
    public void A_scalar_of_text_passes_through()
    {
        using var output = Echo(TensorValue.From(["alone"], new()));

        Assert.Equal(0, output.Shape.Rank);
        Assert.Equal(["alone"], output.Text);
    }

    [Fact]
    public void No_text_at_all_passes_through()
    {
        using var output = Echo(TensorValue.From(Array.Empty<string>(), new(0, 2)), "N", 2);

        Assert.Equal(new TensorShape(0, 2), output.Shape);
        Assert.Empty(output.Text);
    }

    [Fact]
    public void Text_is_compared_by_the_model()
    {
        var g = new GraphBuilder(opset: 19);
        g.Output(g.Node("Equal", [g.Input("a", ElementType.Text, 2), g.Input("b", ElementType.Text, 2)]).Typed(ElementType.Bool));
        using var session = g.Load();
        using var a = TensorValue.From(["same", "ä"], new(2));
        using var b = TensorValue.From(["same", "a"], new(2));

        using var output = session.RunOne(a, b);

        Assert.Equal([true, false], output.Span<bool>().ToArray());
    }

    private static TensorValue Echo(TensorValue input, params ReadOnlySpan<Axis> axes)
    {
        var g = new GraphBuilder();
        g.Output(g.Identity(g.Input("x", ElementType.Text, axes)));
        using var session = g.Load();
        using (input) return session.RunOne(input);
    }
}
