using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Engines;

/// <summary>The managed API beside the binding that it replaces, in one process.</summary>
public sealed class EngineComparisonTests(ITestOutputHelper output)
{
    private static readonly IInferenceEngine[] Both = [NativeBindingEngine.Instance, OnnxRuntimeEngine.Instance];

    public static TheoryData<string> Models => SharedData.Root is null ? [] : [.. Directory.EnumerateFiles(Path.Combine(SharedData.Root, "models"), "*.onnx", SearchOption.AllDirectories).Where(static f => !f.Contains("super_resolution", StringComparison.Ordinal)).Order()];

    [Theory]
    [MemberData(nameof(Models))]
    public void Both_give_the_same_bits_at_the_same_price(string path)
    {
        var execution = new ExecutionOptions { IntraOpThreads = 1 };
        var model = PartitionedModel.Load(path, null, execution);
        var segment = model.Whole();
        var inputs = model.MakeInputs(segment, seed: 1);
        var runners = Both.Select(engine => new SegmentRunner(engine.Load(segment.ToBytes(), execution, segment.ExternalDataFolder), segment.Inputs, segment.Outputs)).ToArray();
        var outputs = runners.Select(runner => Run(runner, inputs)).ToArray();
        for (var i = 0; i < outputs[0].Length; i++) Assert.True(TensorDifference.Between(outputs[0][i], outputs[1][i]).IsBitExact, model.Plan.Outputs[i].Name);

        var times = new[] { new List<double>(), new List<double>() };
        var bytes = new long[2];
        var rounds = 0;
        for (var start = TimeProvider.System.GetTimestamp(); rounds < 500 && TimeProvider.System.GetElapsedTime(start).TotalSeconds < 3; rounds++)
        {
            for (var turn = 0; turn < 2; turn++)
            {
                var engine = (rounds + turn) % 2;
                var before = GC.GetAllocatedBytesForCurrentThread();
                var begun = TimeProvider.System.GetTimestamp();
                var made = Run(runners[engine], inputs, outputs[engine]);
                times[engine].Add(TimeProvider.System.GetElapsedTime(begun).TotalMicroseconds);
                if (rounds >= 5) bytes[engine] += GC.GetAllocatedBytesForCurrentThread() - before;
                foreach (var tensor in made) tensor.Dispose();
            }
        }

        output.WriteLine($"ENGINES {Path.GetFileNameWithoutExtension(path)} | {Median(times[0]):F1} | {Median(times[1]):F1} | {Median(times[1]) / Median(times[0]):F3} | {bytes[0] / Math.Max(1, rounds - 5)} | {bytes[1] / Math.Max(1, rounds - 5)}");
    }

    private static Tensor[] Run(SegmentRunner runner, Tensor[] inputs, Tensor[]? room = null)
    {
        var outputs = room ?? new Tensor[runner.Outputs.Count];
        runner.Run(inputs, outputs, CancellationToken.None);
        return outputs;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
