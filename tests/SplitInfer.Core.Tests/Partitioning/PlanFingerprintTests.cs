using System.Security.Cryptography;
using System.Text;
using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Partitioning;

/// <summary>Plans of many models, as they were when they were last looked at: a faster planner must make the same ones, or old clients and new servers disagree.</summary>
public class PlanFingerprintTests
{
    private const string Folder = "tests/SplitInfer.Core.Tests/Partitioning/Recorded/";

    private static readonly string[] SharedModels =
    [
        "candy.onnx", "dnsmos.onnx", "dtln_1.onnx", "fastestdet.onnx", "mnist.onnx", "silero_vad.onnx", "squeezenet_fp16.onnx", "squeezenet_fp32.onnx", "ultraface-rfb-320.onnx", "yunet-320.onnx",
        "light/light_densenet121.onnx", "light/light_inception_v2.onnx", "light/light_resnet50.onnx", "light/light_shufflenet.onnx",
        "second/cifar_classifier.onnx", "second/dtln_2.onnx", "second/ppocr_cls.onnx", "second/silero_vad_16k.onnx", "second/tiny_gpt2.onnx",
    ];

    [Fact]
    public void Plans_of_made_up_models_are_those_that_were_recorded()
    {
        var builders = NetworkCatalog.All.Select(static n => (n.Key, n.Value))
            .Concat(Seeded("dag", static seed => RandomDag.Build(seed, 20 + seed)))
            .Concat(Seeded("mixed", static seed => RandomMixedDag.Build(seed)))
            .Concat(Seeded("shape", static seed => RandomShapeDag.Build(seed)))
            .Concat(Seeded("half", static seed => RandomHalfDag.Build(seed)))
            .Concat(Seeded("quantized", static seed => RandomQuantizedDag.Build(seed)))
            .Concat([("dense", static () => Dense(300)), ("chain", static () => Chain(12_000))]);

        Compare("made-up.txt", builders.Select(static b => (b.Item1, SplitRun.Plan(b.Item2()).Plan)));
    }

    [SharedFact]
    public void Plans_of_published_models_are_those_that_were_recorded() =>
        Compare("published.txt", SharedModels.Select(static name => (name, PartitionedModel.Load(SharedData.Model(name), null, SplitRun.Execution).Plan)));

    private static void Compare(string file, IEnumerable<(string Name, PartitionPlan Plan)> plans)
    {
        var text = new StringBuilder();
        foreach (var (name, plan) in plans) text.Append(name).Append(' ').Append(plan.Fingerprint).Append(' ').Append(Digest(plan)).Append('\n');

        Assert.Null(new ApprovedFile(Folder + file).Difference(text.ToString()));
    }

    /// <summary>A digest of what the fingerprint leaves out as well: sizes, work and reasons of every cut.</summary>
    private static string Digest(PartitionPlan plan)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var partition in plan.Partitions) hash.AppendData(Encoding.UTF8.GetBytes($"{partition} {partition.IsPossible} {partition.Head.Macs:R} {partition.Tail.Macs:R}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset()[..8]);
    }

    private static IEnumerable<(string, Func<GraphBuilder>)> Seeded(string kind, Func<int, GraphBuilder> build) =>
        Enumerable.Range(1, 12).Select(seed => ($"{kind}-{seed}", (Func<GraphBuilder>)(() => build(seed))));

    private static GraphBuilder Dense(int nodes)
    {
        var g = new GraphBuilder();
        var values = new List<Value> { g.Input("x", SplitInfer.Tensors.ElementType.Float32, "n", 2) };
        for (var i = 0; i < nodes; i++) values.Add(g.Node(i % 3 == 0 ? "Max" : "Sum", [.. values]));
        g.Output(values[^1], "y");
        return g;
    }

    private static GraphBuilder Chain(int nodes)
    {
        var g = new GraphBuilder();
        var x = g.Input("x", SplitInfer.Tensors.ElementType.Float32, "n", 2);
        for (var i = 0; i < nodes; i++) x = i % 2 == 0 ? g.Relu(x) : g.Tanh(x);
        g.Output(x, "y");
        return g;
    }
}
