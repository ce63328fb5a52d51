using SplitInfer.Cli.Benchmarks;
using SplitInfer.Exits;
using SplitInfer.Policies.Quality;
using SplitInfer.Tensors;
using FileExit = SplitInfer.Exits.ModelExit;
using CurveExit = SplitInfer.Policies.Quality.ModelExit;

namespace SplitInfer.Cli.Tests.Benchmarks;

/// <summary>Whom <c>bench quality</c> compares real servers with.</summary>
public class QualityServingTests
{
    [Fact]
    public void By_confidence_alone_a_run_ends_at_the_first_exit_that_is_as_sure_as_its_file_asks()
    {
        var serving = QualityServing.All(Exits(0.95, 0.95)).Single(static one => one.Name == "Confidence");
        Assert.Equal((false, false), (serving.SendsDeadline, serving.HasPrices));
        var best = CurveOf(serving.Exits!).Hull.Last();
        Assert.Equal((2, 1), (best.Depth, best.Accuracy));
        Assert.All(best.Thresholds, static threshold => Assert.Equal(0.95, threshold, 1e-3));
    }

    [Fact]
    public void Servers_of_one_exit_answer_all_by_it()
    {
        var curve = CurveOf(QualityServing.All(Exits(0.95, 0.95)).Single(static one => one.Name == "Exit2").Exits!);
        var setting = Assert.Single(curve.Hull);
        Assert.Equal((curve.Exits[0].Seconds, 1), (curve.SecondsOf(setting), setting.Accuracy));
    }

    // As a server makes it of the file.
    private static QualityCurve CurveOf(ModelExits exits)
    {
        CurveExit[] ends = [.. exits.Exits.Select(static (exit, place) => new CurveExit(0.001 * (place + 1), exit.Agreement)), new(0.001 * (exits.Exits.Length + 1), 1)];
        var samples = Enumerable.Range(0, exits.Answers!.Samples).ToArray();
        double[] always = [.. samples.Select(static _ => 1.0)];
        return new(ends, ExitAnswers.Settings(
            ends, [.. exits.Exits.Select((_, place) => samples.Select(sample => exits.Answers.ConfidenceOf(place, sample)).ToArray()), always],
            [.. exits.Exits.Select((_, place) => samples.Select(sample => exits.Answers.IsAgreeing(place, sample) ? 1.0 : 0).ToArray()), always]));
    }

    private static ModelExits Exits(params double[] thresholds) => new()
    {
        Model = default, Plan = default, Output = "y", Classes = 2, Scores = ExitScores.Logits,
        Promise = new() { MaxLoss = 0.01, Confidence = 0.95, Bound = "ClopperPearson", TrainingSamples = 1, CalibrationSamples = 1, ThresholdSamples = 1, Errors = 0, LossHigh = 0.01, ExitRate = 0 },
        Exits = [.. thresholds.Select(static (threshold, place) => new FileExit
        {
            Partition = place, Features = [new() { Place = 0, Name = "x", Type = ElementType.Float32, Shape = new(1), Pooling = ExitPooling.Flat }], Weights = new float[2], Biases = new float[2],
            Temperature = 1, TeachingTemperature = 1, Threshold = threshold, ExitRate = 0, Agreement = 0.9 + (0.01 * place),
        })],
    };
}
