using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class SegmentChainTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Segments_between_any_cuts_give_what_the_whole_does()
    {
        ResNet18.Build(size: 32, classes: 10, width: 4).Save(_folder["resnet.onnx"]);
        Check(_folder["resnet.onnx"], 5, 1e-4);
    }

    [Fact]
    public void Values_that_cross_in_another_type_do_so_between_two_cuts()
    {
        RandomHalfDag.Build(3).Save(_folder["half.onnx"]);
        Check(_folder["half.onnx"], 4, 2e-2);
        RandomQuantizedDag.Build(2).Save(_folder["quantized.onnx"]);
        Check(_folder["quantized.onnx"], 4, 2e-2);
    }

    private static void Check(string path, int draws, double tolerance)
    {
        var model = PartitionedModel.Load(path);
        var inputs = model.MakeInputs(seed: 1).ToArray();
        using var whole = SegmentChain.Load(model, [], toTheEnd: true, new() { IntraOpThreads = 1 });
        var expected = whole.Run(0, inputs, CancellationToken.None);
        int[] cuts = [.. model.Plan.Partitions.Where(cut => cut.IsAdmissible && cut.TailOutputs.Length == model.Plan.Outputs.Length).Select(static cut => cut.Index)];
        Sampled.Check(1, draws, random =>
        {
            int[] chosen = [.. cuts.Where(_ => random.Next(cuts.Length) < 4)];
            using var chain = SegmentChain.Load(model, chosen, toTheEnd: true, new() { IntraOpThreads = 1 });
            var held = inputs;
            for (var segment = 0; segment < chain.Count; segment++)
            {
                var left = chain.Run(segment, held, CancellationToken.None);
                if (held != inputs) foreach (var tensor in held) tensor.Dispose();
                held = left;
            }

            foreach (var (tensor, wanted) in held.Zip(expected))
            {
                var (scores, right) = (ModelAnswers.ScoresOf(tensor), ModelAnswers.ScoresOf(wanted));
                var scale = 1 + right.Max(Math.Abs);
                Assert.All(scores.Zip(right), pair => Assert.Equal(pair.Second, pair.First, tolerance * scale));
            }
        });
    }
}
