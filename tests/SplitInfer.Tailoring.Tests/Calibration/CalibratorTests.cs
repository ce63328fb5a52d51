using SplitInfer.Calibration;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Tailoring.Tests.Calibration;

public sealed class CalibratorTests : IDisposable
{
    private const int Samples = 6;

    private readonly TestFolder _folder = new();
    private readonly PartitionedModel _model;

    public CalibratorTests()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["model.onnx"]);
        _model = PartitionedModel.Load(_folder["model.onnx"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_result_does_not_depend_on_how_many_samples_run_at_a_time()
    {
        var (one, many) = (await RunAsync(workers: 1), await RunAsync(workers: 8));
        Assert.Equal(one.Codecs.Select(WithoutSpeeds), many.Codecs.Select(WithoutSpeeds));

        static CalibrationEntry WithoutSpeeds(CalibratedCodec result) => result.Entry with { EncodeGBs = 0, DecodeGBs = 0 };
    }

    [Fact]
    public async Task Right_classes_are_counted_with_and_without_the_codec()
    {
        // The class that the model sees in the first sample, for all of them.
        var plain = new int[Samples];
        using var whole = LoadedCut.Load(_model, 0, new() { IntraOpThreads = 1 });
        for (var sample = 0; sample < Samples; sample++)
        {
            var outputs = whole.Run(new MemorySamples(Samples).Read(sample, _model.Plan.Inputs));
            var scores = outputs[0].Span<float>().ToArray();
            plain[sample] = scores.IndexOf(scores.Max());
        }

        var labels = Enumerable.Repeat(plain[0], Samples).ToArray();
        var right = plain.Count(found => found == plain[0]) / (double)Samples;
        var results = (await RunAsync(workers: 2, labels)).Codecs;
        Assert.All(results, result => Assert.Equal(right, result.PlainAccuracy));
        Assert.Equal(right, results[0].Accuracy);
    }

    [Fact]
    public async Task Every_sample_is_a_step()
    {
        var steps = 0;
        await RunAsync(workers: 3, step: () => Interlocked.Increment(ref steps));
        Assert.Equal(Samples, steps);
    }

    [Fact]
    public async Task A_calibration_is_saved_and_fits_the_plan()
    {
        var cuts = _model.Plan.Arms.Take(2).Append(_model.Plan.AllOnDevice).ToArray();
        var told = new ListProgress<int>();
        var calibrator = new Calibrator(_model, new MemorySamples(2), new() { Codecs = Codecs() });
        CalibrationFile.Save(_folder["model.json"], await calibrator.RunAsync(cuts, told));
        var loaded = CalibrationFile.Load(_folder["model.json"]);
        loaded.RequireFor(_model.Plan);
        Assert.Equal(2, loaded.Samples);
        Assert.Equal(cuts.SkipLast(1).SelectMany(static cut => Codecs().Select(codec => (cut.Index, codec.Name))), loaded.Entries.Select(static e => (e.Partition, e.Codec)));
        Assert.Equal([1, 2, 3, 4], told.Values.Order());
        Assert.Equal(1, loaded.Find(cuts[0].Index, "Raw")!.Agreement);
    }

    [Fact]
    public async Task A_codec_is_left_out_where_it_suits_nothing_that_crosses_and_has_whole_tensors_where_it_does()
    {
        var codec = new WholeCodec();
        var calibrator = new Calibrator(_model, new MemorySamples(2), new() { Codecs = [.. Codecs(), codec] });
        var (input, later) = (await calibrator.CalibrateAsync(_model.Plan.AllOnServer), await calibrator.CalibrateAsync(_model.Plan.Arms[1]));
        Assert.Equal([.. Codecs().Select(static c => c.Name), codec.Name], input.Codecs.Select(static result => result.Entry.Codec));
        Assert.Equal(Codecs().Select(static c => c.Name), later.Codecs.Select(static result => result.Entry.Codec));
        Assert.Equal(1, input.Codecs[^1].Entry.Agreement);
        Assert.All(codec.Encoded, shape => Assert.Equal(_model.Plan.Inputs[0].Shape, shape));
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused_by_name()
    {
        Assert.Contains("Labels has 2 classes for 6 samples", Refusal(new() { Labels = [0, 1] }), StringComparison.Ordinal);
        Assert.Contains(nameof(CalibrationOptions.MaxConcurrency), Refusal(new() { MaxConcurrency = 0 }), StringComparison.Ordinal);
        Assert.Contains(nameof(CalibrationOptions.Codecs), Refusal(new() { Codecs = [] }), StringComparison.Ordinal);

        string Refusal(CalibrationOptions options) => Assert.Throws<ArgumentException>(() => new Calibrator(_model, new MemorySamples(Samples), options)).Message;
    }

    [Fact]
    public async Task A_cut_that_nothing_crosses_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => new Calibrator(_model, new MemorySamples(1)).CalibrateAsync(_model.Plan.AllOnDevice));

    private static ITensorCodec[] Codecs() => [.. CodecRegistry.Default.Allow(["Raw", "Quantized3", "Quantized6"]).All];

    private Task<CalibratedCut> RunAsync(int workers, int[]? labels = null, Action? step = null)
    {
        var calibrator = new Calibrator(_model, new MemorySamples(Samples), new() { Codecs = Codecs(), Labels = labels, MaxConcurrency = workers });
        return calibrator.CalibrateAsync(_model.Plan.Arms[1], step);
    }
}
