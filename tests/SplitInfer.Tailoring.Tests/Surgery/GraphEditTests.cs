using SplitInfer.Models;
using SplitInfer.Tailoring.Surgery;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Surgery;

public sealed class GraphEditTests
{
    [Fact]
    public void A_fresh_name_is_that_of_no_value_bodies_included()
    {
        var edit = Edit(WithBody(out _));
        Assert.Equal("x_2", edit.Fresh("x"));
        Assert.Equal("x_3", edit.Fresh("x"));
        foreach (var node in edit.Graph.Node) Assert.NotEqual(node.Name, edit.Fresh(node.Name));
        foreach (var name in edit.Graph.Node.SelectMany(static n => n.Attribute).Where(static a => a.G is not null).SelectMany(static a => a.G.Node).SelectMany(static n => n.Output)) Assert.NotEqual(name, edit.Fresh(name));
    }

    [Fact]
    public void Bodies_are_readers_and_follow_when_a_value_is_redirected()
    {
        var edit = Edit(WithBody(out var captured));
        var branch = edit.Graph.Node.Single(static n => n.OpType == "If");
        Assert.Contains(edit.ReadersOf(captured), reader => ReferenceEquals(reader, branch));
        edit.InsertBehind(edit.ProducerOf(captured)!, Ops.Node("Neg", "negated", [captured], "negated"));
        edit.Redirect(captured, "negated", [edit.ProducerOf("negated")!]);
        Assert.Equal(["negated"], edit.ReadersOf(captured).Select(static n => n.Name));
        Assert.Contains(edit.ReadersOf("negated"), reader => ReferenceEquals(reader, branch));
        Assert.Equal(captured, edit.ProducerOf("negated")!.Input[0]);
    }

    [Fact]
    public void A_body_that_writes_a_name_itself_keeps_it()
    {
        var inner = new GraphBuilder("inner");
        inner.Output(inner.Tanh(new Value("y", ElementType.Float32)), "x");
        var branch = Ops.Node("If", "if", ["condition"], "z", new Models.Onnx.AttributeProto { Name = "then_branch", Type = Models.Onnx.AttributeProto.Types.AttributeType.Graph, G = inner.Graph });
        Renaming.Read(branch, "x", "other");
        Assert.Equal("x", inner.Graph.Output[0].Name);
        Renaming.Read(branch, "y", "other");
        Assert.Equal("other", inner.Graph.Node[0].Input[0]);
    }

    [Fact]
    public void What_no_output_needs_is_removed_but_not_what_a_body_reads()
    {
        var g = WithBody(out var captured);
        g.Relu(new Value("x", ElementType.Float32));
        g.Initializer(TensorValue.From<float>([1], 1), "unread");
        var edit = Edit(g);
        edit.RemoveUnused();
        Assert.NotNull(edit.ProducerOf(captured));
        Assert.DoesNotContain(edit.Graph.Node, static n => n.OpType == "Relu");
        Assert.DoesNotContain(edit.Graph.Initializer, static i => i.Name == "unread");
    }

    [Fact]
    public void An_initializer_that_can_be_fed_is_no_constant_and_no_input_without_a_value()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 4);
        g.Input("scale", ElementType.Float32, 1);
        g.Output(g.Mul(x, g.Initializer(TensorValue.From<float>([2], 1), "scale")), "y");
        var edit = Edit(g);
        Assert.Null(edit.ConstantOf("scale"));
        Assert.True(edit.IsInput("x"));
        Assert.False(edit.IsInput("scale"));
    }

    [Fact]
    public void Nodes_are_replaced_and_inserted_in_place()
    {
        var g = new GraphBuilder();
        g.Output(g.Relu(g.Tanh(g.Input("x", ElementType.Float32, 1, 4))), "y");
        var edit = Edit(g);
        var (tanh, relu) = (edit.Graph.Node[0], edit.Graph.Node[1]);
        edit.InsertBefore(relu, Ops.Node("Neg", "a", [tanh.Output[0]], "a"));
        edit.InsertBehind(tanh, Ops.Node("Abs", "b", [tanh.Output[0]], "b"));
        edit.InsertFirst(Ops.Node("Exp", "c", ["x"], "c"));
        edit.Replace(relu, Ops.Node("Sin", "d", ["a"], "d"), Ops.Node("Cos", "y", ["d"], "y"));
        Assert.Equal(["Exp", "Tanh", "Abs", "Neg", "Sin", "Cos"], edit.Graph.Node.Select(static n => n.OpType));
        Assert.True(edit.HasOneReader("d", out var reader) && reader.OpType == "Cos");
        Assert.False(edit.HasOneReader("y", out _));
        Assert.False(edit.HasOneReader(tanh.Output[0], out _));
        Assert.Throws<InvalidOperationException>(() => edit.Replace(relu));
    }

    private static GraphEdit Edit(GraphBuilder graph) => new(OnnxModel.Parse(graph.ToBytes()));

    /// <summary>y = positive ? tanh(h) : h, where h = −x is captured.</summary>
    private static GraphBuilder WithBody(out string captured)
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, 1, 4);
        var h = g.Node("Neg", [x]);
        captured = h.Name;
        var condition = g.Node("Greater", [g.Node("ReduceMax", [x], ("keepdims", 0)), g.Scalar(ElementType.Float32, 0)]).Typed(ElementType.Bool);
        var (yes, no) = (g.Body("yes"), g.Body("no"));
        yes.Output(yes.Tanh(h));
        no.Output(no.Identity(h));
        g.Output(g.Node("If", [condition], ("then_branch", yes), ("else_branch", no)).Typed(ElementType.Float32), "y");
        return g;
    }
}
