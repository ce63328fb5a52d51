using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class ElementTypeTests
{
    private const int Opset = 21;
    private const int IrVersion = 10;

    public static TheoryData<ElementType> Copied => [.. Enum.GetValues<ElementType>().Where(static type => type.HasFixedSize() && type.CanBeBound()).Except([ElementType.Complex64, ElementType.Complex128])];

    [Theory]
    [MemberData(nameof(Copied))]
    public void Every_bit_passes_through(ElementType type)
    {
        var g = new GraphBuilder(opset: Opset, irVersion: IrVersion);
        g.Output(g.Identity(g.Input("x", type, 3, 7)));
        using var session = g.Load();
        using var input = RandomTensor.Bits(new(1), type, 3, 7);

        using var output = session.RunOne(input);

        Assert.Equal(type, session.Inputs[0].ElementType);
        Assert.Equal(type, output.ElementType);
        Assert.Equal(input.Shape, output.Shape);
        Assert.Equal(input.Bytes.ToArray(), output.Bytes.ToArray());
    }

    [Theory]
    [MemberData(nameof(Copied))]
    public void Every_bit_passes_through_when_the_shape_is_known_only_afterwards(ElementType type)
    {
        var g = new GraphBuilder(opset: Opset, irVersion: IrVersion);
        var x = g.Input("x", type, "N");
        g.Output(g.Node("If", [g.Input("flag", ElementType.Bool)], ("then_branch", Yields(g, x)), ("else_branch", Yields(g, x))).Typed(type), "y");
        using var session = g.Load(new() { Optimization = GraphOptimization.None });
        using var input = RandomTensor.Bits(new(1), type, 9);
        using var flag = TensorValue.From<bool>([true]);

        using var output = session.RunOne(input, flag);

        Assert.Equal(input.Shape, output.Shape);
        Assert.Equal(input.Bytes.ToArray(), output.Bytes.ToArray());
    }

    [Theory]
    [InlineData(ElementType.Complex64)]
    [InlineData(ElementType.Complex128)]
    public void What_the_engine_cannot_run_it_refuses_in_its_own_words(ElementType type)
    {
        var g = new GraphBuilder();
        g.Output(g.Identity(g.Input("x", type, 2)));

        var error = Assert.Throws<EngineException>(() => g.Load().Dispose());

        Assert.NotEqual(EngineErrorCode.None, error.Code);
        Assert.Contains(type.DisplayName(), error.Message, StringComparison.Ordinal);
    }

    private static GraphBuilder Yields(GraphBuilder g, Value x)
    {
        var body = g.Body("branch");
        body.Output(body.Identity(x));
        return body;
    }
}
