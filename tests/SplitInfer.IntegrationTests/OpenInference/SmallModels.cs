using SplitInfer.AspNetCore.OpenInference;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>Models that say in their outputs what came in.</summary>
internal static class SmallModels
{
    /// <summary>The types whose tensors travel.</summary>
    public static ElementType[] Types { get; } =
    [
        ElementType.Bool, ElementType.UInt8, ElementType.UInt16, ElementType.UInt32, ElementType.UInt64, ElementType.Int8, ElementType.Int16, ElementType.Int32, ElementType.Int64,
        ElementType.Float16, ElementType.Float32, ElementType.Float64,
    ];

    /// <summary>Swaps the two axes of its one input <c>x</c>, of any size, into <c>y</c>.</summary>
    public static byte[] Transpose(ElementType type)
    {
        var g = new GraphBuilder();
        g.Output(g.Node("Transpose", [g.Input("x", type, "rows", "columns")]), "y");
        return g.ToBytes();
    }

    /// <summary>Adds <c>b</c> to <c>a</c>, of 3 columns each and any number of rows, into <c>sum</c>, and compares them in <c>less</c>.</summary>
    public static byte[] Sum()
    {
        var g = new GraphBuilder();
        var (a, b) = (g.Input("a", ElementType.Float32, "rows", 3), g.Input("b", ElementType.Float32, "rows", 3));
        g.Output(g.Node("Add", [a, b]), "sum");
        g.Output(g.Node("Less", [a, b]).Typed(ElementType.Bool), "less");
        return g.ToBytes();
    }

    /// <summary>The protocol's word for a type.</summary>
    public static string Word(ElementType type) => Datatypes.WordOf(type);
}
