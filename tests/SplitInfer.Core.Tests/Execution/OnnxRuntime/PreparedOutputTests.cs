using SplitInfer.Execution;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>Memory that is prepared for an output is written, whatever the graph; what the engine allocates itself is the reference.</summary>
public sealed class PreparedOutputTests
{
    private const long SymbolSize = 3;
    private const int Graphs = 60;

    public static TheoryData<string> Networks => [.. NetworkCatalog.All.Keys];

    [Fact]
    public void Every_value_of_a_random_graph_is_written()
    {
        for (var seed = 0; seed < Graphs; seed++) Compare(ExposeAll(RandomDag.Build(seed)), seed);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_output_of_a_network_is_written(string name) => Compare(NetworkCatalog.All[name](), seed: 1);

    private static void Compare(GraphBuilder g, int seed)
    {
        foreach (var optimization in new[] { GraphOptimization.None, GraphOptimization.All })
        {
            var options = new ExecutionOptions { IntraOpThreads = 1, Optimization = optimization };
            using var reference = g.Load(options, new() { BindsOutputs = false });
            using var session = g.Load(options);
            var inputs = session.Inputs.Select((input, i) => Input(input, seed * 100 + i)).ToArray();
            var expected = reference.Run(inputs);
            for (var run = 0; run < 2; run++)
            {
                Spoil();
                var actual = session.Run(inputs);
                foreach (var (info, (x, y)) in session.Outputs.Zip(expected.Zip(actual)))
                    Assert.True(x.Shape == y.Shape && x.Bytes.Span.SequenceEqual(y.Bytes.Span), $"'{info.Name}' of graph {seed} at {optimization} differs.");
                foreach (var tensor in actual) tensor.Dispose();
            }

            foreach (var tensor in inputs.Concat(expected)) tensor.Dispose();
        }
    }

    private static GraphBuilder ExposeAll(GraphBuilder g)
    {
        var outputs = g.Graph.Output.Select(static output => output.Name).ToHashSet();
        foreach (var name in g.Graph.Input.Select(static input => input.Name).Concat(g.Graph.Node.SelectMany(static node => node.Output)))
            if (outputs.Add(name)) g.Graph.Output.Add(new ValueInfoProto { Name = name });
        return g;
    }

    private static TensorValue Input(EngineValue input, int seed) =>
        RandomTensor.Normal(new(seed), input.ElementType, [.. input.Dimensions.Select(static size => size < 0 ? SymbolSize : size)]);

    /// <summary>Leaves memory behind in the pool that cannot be taken for a result.</summary>
    private static void Spoil()
    {
        var tensors = Enumerable.Range(8, 12).SelectMany(static size => Enumerable.Range(0, 20).Select(_ => TensorValue.Allocate(ElementType.UInt8, new(1L << size)))).ToArray();
        foreach (var tensor in tensors)
        {
            tensor.Bytes.Span.Fill(0xCD);
            tensor.Dispose();
        }
    }
}
