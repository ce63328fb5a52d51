using SplitInfer.Execution;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Evaluation;
using SplitInfer.Tailoring.Quantization;
using SplitInfer.Tailoring.Statistics;
using SplitInfer.Tailoring.Surgery.Normalization;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.Tailoring.Tests.Quantization;

/// <summary>A real network in integers, judged by photographs that its ranges were not chosen with.</summary>
public sealed class SqueezeNetInt8Tests(ITestOutputHelper output)
{
    [SharedTheory]
    [InlineData(8)]
    [InlineData(7)]
    public void Nearly_all_answers_stay_and_the_file_is_a_quarter(int weightBits)
    {
        var original = OnnxModel.Load(SharedData.Model("squeezenet_fp32.onnx"));
        var inputs = PartitionedModel.From(original).Plan.Inputs;
        using var calibration = SharedPhotographs.Calibration(50);
        using var judgement = SharedPhotographs.Judgement(100);
        var normal = new Normalization().Apply(original);
        output.WriteLine(string.Join("; ", normal.Changes));
        var statistics = StatisticsCollector.Collect(normal.Model, inputs, calibration);
        var integers = new StaticInt8(statistics, new() { WeightBits = weightBits }).Apply(normal.Model);
        output.WriteLine(string.Join("; ", integers.Changes));
        var scores = ModelEvaluator.Evaluate([original, normal.Model, integers.Model], inputs, judgement, options: new() { Labels = judgement.Labels, TimingRounds = 3, TimingBudget = default });
        foreach (var score in scores) output.WriteLine($"{score.Seconds * 1000:F2} ms, {score.Bytes} bytes, top-1 {score.Top1:P1}, agreement {score.Agreement:P1} (≥ {score.AgreementLow:P1}), cosine {score.Cosine:F4}");
        Assert.Equal(1, scores[1].Agreement);
        var run = ModelProto.Parser.ParseFrom(new ExecutionOptions().Engine.Optimize(integers.Bytes.ToArray(), new(), externalDataFolder: null).Span).Graph.Node;
        Assert.Equal(26, run.Count(static node => node.OpType == "QLinearConv"));
        // The picture, and the scores of the places, which are averaged in float.
        Assert.Equal(1, run.Count(static node => node.OpType == "QuantizeLinear"));
        Assert.Equal(1, run.Count(static node => node.OpType == "DequantizeLinear"));
        Assert.InRange(scores[2].Agreement, 0.95, 1);
        Assert.InRange(scores[2].Top1!.Value, scores[0].Top1!.Value - 0.03, 1);
        Assert.True(scores[2].Bytes < original.Shell.CalculateSize() + (original.Graph.CalculateSize() / 3.5));
    }
}
