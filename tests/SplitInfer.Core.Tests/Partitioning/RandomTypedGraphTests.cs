using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Graphs of narrow, quantised and mixed types, and graphs that compute shapes: every cut against ONNX Runtime alone.</summary>
public class RandomTypedGraphTests(ITestOutputHelper output)
{
    private const int Graphs = 60;

    [Fact]
    public void Float16_values_beyond_their_range_keep_their_meaning() => Check(static seed => RandomHalfDag.Build(seed));

    [Fact]
    public void Bfloat16_values_cross_as_they_are() => Check(static seed => RandomBFloat16Dag.Build(seed));

    [Fact]
    public void Quantised_graphs_give_the_numbers_of_the_whole() => Check(static seed => RandomQuantizedDag.Build(seed));

    [Fact]
    public void Mixed_graphs_give_the_result_of_the_whole() => Check(static seed => RandomMixedDag.Build(seed));

    [Fact]
    public void Shape_arithmetic_gives_the_result_of_the_whole() => Check(static seed => RandomShapeDag.Build(seed));

    private void Check(Func<int, GraphBuilder> build)
    {
        var check = new CutCheck();
        for (var seed = 1; seed <= Graphs; seed++) check.Add($"seed {seed}", build(seed).ToBytes(), new Random(seed));
        output.WriteLine(check.ToString());
        check.AssertRight();
    }
}
