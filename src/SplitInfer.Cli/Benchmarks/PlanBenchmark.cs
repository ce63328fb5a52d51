using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using static SplitInfer.Cli.Benchmarks.OnnxParts;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Times the planning of graphs that are far larger, or far denser, than those of real models.</summary>
/// <param name="time">The clock.</param>
/// <param name="execution">How ONNX Runtime runs.</param>
internal sealed class PlanBenchmark(TimeProvider time, ExecutionOptions execution)
{
    // Of ONNX: the element type, and the versions of the format and of the operators.
    private const int Float32 = 1, FormatVersion = 8, OperatorVersion = 13;

    private const int WarmUpNodes = 200;

    /// <summary>Plans a chain and a dense graph.</summary>
    /// <param name="chain">Nodes of the chain.</param>
    /// <param name="dense">Nodes of the dense graph.</param>
    public IEnumerable<PlanRow> Run(int chain, int dense)
    {
        // What is compiled and loaded once in a process is not what is timed.
        Measure("chain", WarmUpNodes, Chain(WarmUpNodes), WarmUpNodes);
        Measure("dense", WarmUpNodes, Dense(WarmUpNodes), DenseEdges(WarmUpNodes));
        yield return Measure("chain", chain, Chain(chain), chain);
        yield return Measure("dense", dense, Dense(dense), DenseEdges(dense));
    }

    private PlanRow Measure(string graph, int nodes, byte[] file, long edges)
    {
        GC.Collect();
        var (start, before) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var model = OnnxModel.Parse(file, source: $"the {graph} of the benchmark");
        var read = time.GetElapsedTime(start);
        var plan = PartitionedModel.From(model, null, execution).Plan;
        var (total, cpu) = (time.GetElapsedTime(start), Environment.CpuUsage.TotalTime - before);
        return new(graph, nodes, edges, file.Length, read.TotalMilliseconds, (total - read).TotalMilliseconds, total.TotalMilliseconds, cpu.TotalMilliseconds, plan.Partitions.Length, plan.Fingerprint.ToString());
    }

    private static byte[] Chain(int nodes) => Graph(nodes, static i => [.. Text(1, Name(i)), .. Text(2, Name(i + 1)), .. Text(4, i % 2 == 0 ? "Relu" : "Tanh")]);

    private static byte[] Dense(int nodes) => Graph(nodes, static i => [.. Enumerable.Range(0, i + 1).SelectMany(static value => Text(1, Name(value))), .. Text(2, Name(i + 1)), .. Text(4, "Sum")]);

    private static long DenseEdges(long nodes) => nodes * (nodes + 1) / 2;

    private static string Name(int value) => $"v{value}";

    private static byte[] Graph(int nodes, Func<int, byte[]> node)
    {
        using var graph = new MemoryStream();
        for (var i = 0; i < nodes; i++) graph.Write(Message(1, node(i)));
        graph.Write([.. Text(2, "plan"), .. Value(11, Name(0), Float32, 2), .. Value(12, Name(nodes), Float32, 2)]);
        return Model(graph.ToArray(), FormatVersion, OperatorVersion);
    }
}
