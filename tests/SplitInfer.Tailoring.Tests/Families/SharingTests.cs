using System.Diagnostics;
using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.Tailoring.Tests.Families;

/// <summary>24 targets, of 4 sizes, 3 speeds and 2 processors, share what is made for them.</summary>
public sealed class SharingTests(ITestOutputHelper output) : IDisposable
{
    private const int Samples = 40;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Many_targets_take_a_tenth_of_the_runs_that_each_takes_alone()
    {
        var model = SmallNet.Build();
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        var targets = Targets(ModelEvaluator.Evaluate([model], inputs, new MemorySamples(1))[0].Bytes, [1.05, 0.8, 0.55, 0.4], [1e9, 1e8, 1e7], 0.01);
        var together = RunsOf(targets);
        var apart = targets.Sum(target => RunsOf([target]));
        Assert.True(together * 10 <= apart, $"{together} runs together, {apart} apart");

        int RunsOf(IReadOnlyList<TailoringTarget> some)
        {
            var engine = new CountingEngine();
            var family = ModelTailor.CreateSuite(model, inputs, some, new MemorySamples(Samples), _folder["family"], new() { Execution = new() { Engine = engine }, Timing = new() { TimingRounds = 3, TimingBudget = default } });
            Assert.Equal(some.Count, family.Targets.Length);
            return engine.Runs;
        }
    }

    /// <summary>The figures of docs/tailoring.md: they are written, and not asserted, since they are times.</summary>
    [LongSharedFact]
    [Trait("Category", "Long")]
    public void Real_targets_together_and_each_alone()
    {
        var model = OnnxModel.Load(SharedData.Model("squeezenet_fp32.onnx"));
        var inputs = PartitionedModel.From(model).Plan.Inputs;
        using var samples = SharedPhotographs.Calibration();
        using var others = SharedPhotographs.Judgement();
        var bytes = new FileInfo(model.Source).Length;
        // Speeds are shares of what the model takes here, so that they mean the same on every machine.
        var own = ModelEvaluator.Evaluate([model], inputs, new FirstOf(samples, 1))[0].UpperSeconds * 1000;
        var targets = Targets(bytes, [1.05, 0.55, 0.3, 0.2], [own * 1.2, own * 0.8, own * 0.4], 0.85);
        var (together, family) = Timed(targets);
        output.WriteLine($"{targets.Length} targets together: {together.TotalSeconds:F1} s");
        foreach (var target in family.Targets) output.WriteLine($"  {target.Name}: {target.Variant ?? target.Refusal}");
        foreach (var reason in family.NotMade) output.WriteLine($"  not made: {reason}");
        var apart = TimeSpan.Zero;
        foreach (var target in targets) apart += Timed([target]).Time;
        output.WriteLine($"each alone: {apart.TotalSeconds:F1} s, {apart / together:F1} times as long");
        Measure();

        (TimeSpan Time, ModelFamily Family) Timed(IReadOnlyList<TailoringTarget> some)
        {
            var watch = Stopwatch.StartNew();
            // Every run begins with the file, as a program of its own would.
            var made = ModelTailor.CreateSuite(OnnxModel.Load(SharedData.Model("squeezenet_fp32.onnx")), inputs, some, samples, _folder[some.Count == 1 ? "alone" : "family"], progress: some.Count == 1 ? null : new Told(output, watch));
            return (watch.Elapsed, made);
        }

        void Measure()
        {
            OnnxModel[] models = [model, .. family.Variants.Select(variant => OnnxModel.Load(_folder[$"family/{variant.File}"]))];
            var scores = ModelEvaluator.Evaluate(models, inputs, others);
            foreach (var (variant, score) in family.Variants.Zip(scores.Skip(1)))
            {
                Assert.Equal(variant.Bytes, score.Bytes);
                Assert.Equal(variant.Fingerprint, models[1 + family.Variants.IndexOf(variant)].Fingerprint);
                var met = targets.Where(target => family.Targets.Any(t => t.Name == target.Name && t.Variant == variant.Name)).ToArray();
                foreach (var target in met)
                {
                    Assert.True(score.Bytes <= target.MaxBytes);
                    Assert.True(score.Agreement >= target.MinAgreement, $"{variant.Name}: {score.Agreement} on other photographs");
                }

                output.WriteLine($"{variant.Name}: {score.Bytes} bytes, {score.Agreement:P1} of others agree, {score.UpperSeconds * 1000:F2} ms now, {variant.Times[0].UpperMilliseconds:F2} then ({score.Seconds / scores[0].Seconds:F3} and {variant.Times[0].Milliseconds / variant.Times[0].BaseMilliseconds:F3} of the original), limits {string.Join(", ", met.Select(static t => t.MaxMs?.ToString("F2", System.Globalization.CultureInfo.InvariantCulture) ?? "none").Distinct())}");
            }
        }
    }

    private static TailoringTarget[] Targets(double bytes, double[] shares, double[] speeds, double agreement)
    {
        var there = ModelTailorTests.OtherIsa();
        double[] sizes = [.. shares.Select(share => bytes * share)];
        return
        [
            .. sizes.SelectMany((size, i) => speeds.Select((ms, j) => new TailoringTarget { Name = $"here-{i}-{j}", MaxBytes = size, MaxMs = ms, MinAgreement = agreement })),
            // A time cannot be promised there; other targets have other agreements instead.
            .. sizes.SelectMany((size, i) => speeds.Select((_, j) => new TailoringTarget { Name = $"there-{i}-{j}", MaxBytes = size, MinAgreement = agreement + (0.01 * j), Isa = there })),
        ];
    }

    private sealed class FirstOf(ISampleSource source, int count) : ISampleSource
    {
        public int Count => count;

        public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => source.Read(sample, inputs);
    }

    private sealed class Told(ITestOutputHelper output, Stopwatch watch) : IProgress<TailoringProgress>
    {
        public void Report(TailoringProgress value)
        {
            if (value.Done == 0) output.WriteLine($"  {watch.Elapsed.TotalSeconds:F1} s: {value.What}");
        }
    }
}
