using Google.Protobuf;
using Google.Protobuf.Reflection;
using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Models;

/// <summary>Whatever text stands in a file in place of a name, the model is planned, or refused by an error of ours.</summary>
public class OddNameTests
{
    public static TheoryData<string> Names =>
    [
        "\0", "a\0b", "", " ", "\n", "\u001b[31m", "\u202e", "\ufffd", "\U0001F600", "/", "../../x", "%n%s", "'\"", "x#0", "splitinfer/kind/0/0", "x/float32", new string('n', 70_000),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_anywhere_in_a_file_is_taken_or_refused_in_words(string odd)
    {
        var texts = new HashSet<string>(StringComparer.Ordinal);
        Visit(Model(), (text, _) =>
        {
            texts.Add(text);
            return text;
        });
        Assert.InRange(texts.Count, 15, 100);

        SplitRun.Plan(ModelBytes.Of(Model()));
        var planned = 0;
        foreach (var name in texts)
        {
            var model = Model();
            Visit(model, (text, _) => text == name ? odd : text);
            try
            {
                SplitRun.Plan(ModelBytes.Of(model));
                planned++;
            }
            catch (SplitInferException error)
            {
                Assert.NotEmpty(error.Message);
            }
        }

        if (odd.Contains('\0', StringComparison.Ordinal)) Assert.Equal(0, planned);
    }

    [Fact]
    public void A_NUL_is_refused_with_its_place()
    {
        var model = Model();
        model.Graph.Node[0].Output[0] = "hidden\0name";

        var error = Assert.Throws<ModelFormatException>(() => OnnxModel.Parse(ModelBytes.Of(model), source: "odd.onnx"));

        Assert.StartsWith("odd.onnx: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(@"graph.node.output' is 'hidden\0name'", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Offset);
    }

    [Fact]
    public void What_an_author_says_of_a_model_is_no_name()
    {
        var model = Model();
        model.MetadataProps.Add(new StringStringEntryProto { Key = "labels", Value = "cat\0dog" });

        Assert.Equal("cat\0dog", OnnxModel.Parse(ModelBytes.Of(model)).Metadata.Properties["labels"]);
    }

    /// <summary>A model with names of every sort: values, nodes, symbols, functions, bodies, attributes.</summary>
    private static ModelProto Model()
    {
        var g = new GraphBuilder();
        var x = g.Input("x", ElementType.Float32, "rows", 4);
        g.Function("own", "Doubled", ["v"], static (f, inputs) => f.Output(f.Add(inputs[0], inputs[0])));
        var (then, other) = (g.Body("then"), g.Body("other"));
        then.Output(then.Relu(x));
        other.Output(other.Tanh(x));
        var chosen = g.Node("If", [g.Input("flag", ElementType.Bool)], ("then_branch", then), ("else_branch", other)).Typed(ElementType.Float32);
        var doubled = g.Nodes("own", "Doubled", [chosen], 1)[0].Typed(ElementType.Float32);
        g.Output(g.Node("Softmax", [g.Add(g.Dense(x, 4), doubled)], ("axis", 1)), "y");
        return g.Build();
    }

    private static void Visit(IMessage message, Func<string, FieldDescriptor, string> change)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.IsRepeated && field.Accessor.GetValue(message) is System.Collections.IList list)
            {
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is string text) list[i] = change(text, field);
                    else if (list[i] is IMessage inner) Visit(inner, change);
                }
            }
            else if (field.FieldType == FieldType.String && field.Accessor.GetValue(message) is string { Length: > 0 } text)
            {
                field.Accessor.SetValue(message, change(text, field));
            }
            else if (field.FieldType == FieldType.Message && field.Accessor.GetValue(message) is IMessage inner)
            {
                Visit(inner, change);
            }
        }
    }
}
