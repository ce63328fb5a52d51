using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tailoring.Exits;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Exits;

public sealed class ExitMakerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Exits_keep_their_promise_on_other_samples_and_save_computation()
    {
        var model = Classifier();
        var made = await ExitMaker.MakeAsync(model, new Points(0, 600), Options());
        var promise = made.Exits.Promise;
        Assert.Equal(600, promise.TrainingSamples + promise.CalibrationSamples + promise.ThresholdSamples);
        Assert.InRange(promise.LossHigh, 0, promise.MaxLoss);
        Assert.Equal(promise.ExitRate, made.Exits.Exits.Sum(static exit => exit.ExitRate), 1e-9);
        Assert.InRange(made.Saving, 0.05, 1);
        Assert.Contains(made.Considered, static cut => cut.IsChosen);

        var report = ExitTester.Run(model, made.Exits, new Points(10_000, 2000));
        Assert.InRange(1 - report.Agreement, 0, promise.MaxLoss);
        Assert.InRange(report.ExitRate, promise.ExitRate - 0.1, promise.ExitRate + 0.1);
        Assert.InRange(report.ExitRate, 0.2, 1);
        Assert.Equal(1, report.Rows.Sum(static row => row.Share), 1e-9);
        Assert.Null(report.Accuracy);
    }

    [Fact]
    public async Task The_same_samples_and_seed_make_the_same_exits_on_any_number_of_threads()
    {
        var model = Classifier();
        var (one, many) = (await SavedAsync(1, 1), await SavedAsync(4, 1));
        Assert.Equal(one, many);
        Assert.NotEqual(one, await SavedAsync(4, 2));

        async Task<string> SavedAsync(int concurrency, int seed)
        {
            var options = Options();
            (options.MaxConcurrency, options.Seed) = (concurrency, seed);
            ExitsFile.Save(_folder["exits.json"], (await ExitMaker.MakeAsync(model, new Points(0, 400), options)).Exits);
            return File.ReadAllText(_folder["exits.json"]);
        }
    }

    [Fact]
    public async Task A_threshold_covers_every_choice_among_the_exits()
    {
        var model = Classifier();
        var options = Options();
        options.Partitions = [2, 4];
        var made = await ExitMaker.MakeAsync(model, new Points(0, 600), options);
        Assert.Equal([2, 4], made.Exits.Exits.Select(static exit => exit.Partition));
        Assert.Single(made.Exits.Exits.Select(static exit => exit.Threshold).Distinct());
        foreach (var exit in made.Exits.Exits)
        {
            var alone = ExitTester.Run(model, made.Exits with { Exits = [exit] }, new Points(10_000, 600));
            Assert.InRange(1 - alone.Agreement, 0, options.MaxLoss);
        }
    }

    [Fact]
    public async Task Labels_tell_how_many_answers_are_right()
    {
        var model = Classifier();
        var made = await ExitMaker.MakeAsync(model, new Points(0, 300), Options());
        var plain = ExitTester.Run(model, made.Exits, new Points(500, 100), new() { Labels = new int[100] });
        Assert.InRange(plain.FullAccuracy!.Value, 0.01, 0.6);
        Assert.Equal(plain.FullAccuracy.Value, plain.Accuracy!.Value, 0.05);
        Assert.Contains("label 9 of sample 3", Assert.Throws<TensorMismatchException>(() => ExitTester.Run(model, made.Exits, new Points(0, 3), new() { Labels = [0, 1, 9] })).Message, StringComparison.Ordinal);
        Assert.Contains(nameof(ExitTestOptions.Labels), Assert.Throws<ArgumentException>(() => ExitTester.Run(model, made.Exits, new Points(0, 3), new() { Labels = [0] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scores_have_the_form_of_the_models_own()
    {
        var logits = (await ExitMaker.MakeAsync(Classifier(), new Points(0, 400), Options())).Exits;
        var probabilities = (await ExitMaker.MakeAsync(Classifier(isNormalized: true), new Points(0, 400), Options())).Exits;
        Assert.Equal((ExitScores.Logits, ExitScores.Probabilities), (logits.Scores, probabilities.Scores));
    }

    [Theory]
    [InlineData("two outputs", "has 2 outputs")]
    [InlineData("map", "not one row of scores")]
    [InlineData("classes", "whole numbers")]
    public async Task A_model_that_is_no_classifier_is_refused_in_words(string kind, string word)
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 8), 6));
        if (kind == "map") g.Output(g.Node("Reshape", [x, g.Constant(TensorValue.From<long>([2, 3], 2))]).Shaped(2, 3), "y");
        else if (kind == "classes") g.Output(g.Node("ArgMax", [x]).Typed(ElementType.Int64), "y");
        else
        {
            g.Output(g.Gemm(x, 4), "y");
            g.Output(g.Gemm(x, 3), "z");
        }

        g.Save(_folder["model.onnx"]);
        var error = await Assert.ThrowsAsync<ExitsRefusedException>(() => ExitMaker.MakeAsync(PartitionedModel.Load(_folder["model.onnx"]), new Points(0, 200), Options()));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.Contains("classifiers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_what_would_be_needed()
    {
        var model = Classifier();
        Assert.Contains("takes 4992 samples", await RefusedAsync(static options => options.MaxLoss = 0.001), StringComparison.Ordinal);
        Assert.Contains("There is no cut 99", await RefusedAsync(static options => options.Partitions = [99]), StringComparison.Ordinal);
        Assert.Contains("has its answer already", await RefusedAsync(options => options.Partitions = [model.Plan.AllOnDevice.Index]), StringComparison.Ordinal);
        Assert.Contains(nameof(ExitOptions.MaxFeatures), await RefusedAsync(static options => options.MaxFeatures = 1), StringComparison.Ordinal);

        async Task<string> RefusedAsync(Action<ExitOptions> change)
        {
            var options = Options();
            change(options);
            return (await Assert.ThrowsAsync<ExitsRefusedException>(() => ExitMaker.MakeAsync(model, new Points(0, 200), options))).Message;
        }
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_by_name()
    {
        foreach (var (name, options) in ((string, ExitOptions)[])
        [
            (nameof(ExitOptions.Partitions), new() { Partitions = [] }), (nameof(ExitOptions.MaxLoss), new() { MaxLoss = 0 }), (nameof(ExitOptions.Confidence), new() { Confidence = 1 }), (nameof(ExitOptions.MaxExits), new() { MaxExits = 0 }),
            (nameof(ExitOptions.MinGain), new() { MinGain = double.NaN }), (nameof(ExitOptions.MaxFeatures), new() { MaxFeatures = 0 }), (nameof(ExitOptions.MaxSteps), new() { MaxSteps = 0 }), (nameof(ExitOptions.MaxConcurrency), new() { MaxConcurrency = 0 }),
        ])
            Assert.Contains(name, Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cuts_that_infinite_numbers_cross_get_no_exit()
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 8), 24));
        x = g.Node("Exp", [g.Node("Log", [x]).Shaped(1, 24)]).Shaped(1, 24);
        g.Output(g.Gemm(g.Relu(g.Gemm(x, 48)), 4, gain: 3), "y");
        g.Save(_folder["infinite.onnx"]);
        var (model, options) = (PartitionedModel.Load(_folder["infinite.onnx"]), Options());
        options.Partitions = [3];
        var error = await Assert.ThrowsAsync<ExitsRefusedException>(() => ExitMaker.MakeAsync(model, new Points(0, 200), options));
        Assert.Contains("infinite", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(3, (await ExitMaker.MakeAsync(model, new Points(0, 600), Options())).Exits.Exits.Select(static exit => exit.Partition));
    }

    [Fact]
    public async Task Work_stops_when_it_is_told_to()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ExitMaker.MakeAsync(Classifier(), new Points(0, 200), Options(), cancellationToken: stop.Token));
    }

    private static ExitOptions Options() => new() { MaxLoss = 0.05, MaxConcurrency = 2 };

    // Most of its work is behind the first layer, which tells nearly as much.
    private PartitionedModel Classifier(bool isNormalized = false)
    {
        var g = new GraphBuilder();
        var x = g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 8), 24));
        x = g.Relu(g.Gemm(x, 48));
        x = g.Gemm(x, 4, gain: 3);
        g.Output(isNormalized ? g.Node("Softmax", [x], ("axis", 1)).Shaped(1, 4) : x, "y");
        g.Save(_folder["classifier.onnx"]);
        return PartitionedModel.Load(_folder["classifier.onnx"]);
    }

    /// <summary>Points of a normal distribution, each by its number.</summary>
    private sealed class Points(int first, int count) : ISampleSource
    {
        public int Count => count;

        public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => [RandomTensor.Normal(new(first + sample), ElementType.Float32, 1, 8)];
    }
}
