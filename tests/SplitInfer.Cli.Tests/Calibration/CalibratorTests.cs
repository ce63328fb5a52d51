using SplitInfer.Calibration;
using SplitInfer.Cli.Calibration;
using SplitInfer.Cli.Inputs;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Calibration;

public sealed class CalibratorTests : IDisposable
{
    private const int Samples = 6;

    private readonly TestFolder _folder = new();
    private readonly PartitionedModel _model;

    public CalibratorTests()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["model.onnx"]);
        _model = PartitionedModel.Load(_folder["model.onnx"]);
        for (var sample = 0; sample < Samples; sample++)
            NpyFile.Write(_folder[$"samples/{sample}.npy"], RandomTensor.Normal(new(sample), ElementType.Float32, 1, 3, 32, 32));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_result_does_not_depend_on_how_many_samples_run_at_a_time()
    {
        var (one, many) = (await RunAsync(workers: 1), await RunAsync(workers: 8));
        Assert.Equal(one.Select(WithoutSpeeds), many.Select(WithoutSpeeds));

        static CalibrationEntry WithoutSpeeds(CalibratedCodec result) => result.Entry with { EncodeGBs = 0, DecodeGBs = 0 };
    }

    [Fact]
    public async Task Right_classes_are_counted_with_and_without_the_codec()
    {
        // The class that the model sees in the first sample, for all of them.
        var plain = new int[Samples];
        for (var sample = 0; sample < Samples; sample++)
        {
            using var cut = new LoadedCut(_model, 0, new() { IntraOpThreads = 1 });
            var inputs = Folder().Read(sample, _model.Plan.Inputs);
            plain[sample] = new CutTrial(cut, []).Run(inputs, CancellationToken.None).Class!.Value;
            LoadedCut.Release(inputs);
        }

        var labels = Enumerable.Repeat(plain[0], Samples).ToArray();
        var right = plain.Count(found => found == plain[0]) / (double)Samples;
        Assert.All(await RunAsync(workers: 2, labels), result => Assert.Equal(right, result.PlainAccuracy));
        Assert.Equal(right, (await RunAsync(workers: 2, labels))[0].Accuracy);
    }

    [Fact]
    public async Task Every_sample_is_a_step()
    {
        var steps = 0;
        await RunAsync(workers: 3, step: () => Interlocked.Increment(ref steps));
        Assert.Equal(Samples, steps);
    }

    private SampleFolder Folder() => SampleFolder.Open(_folder["samples"], [_model.Plan.Inputs[0].Name]);

    private Task<IReadOnlyList<CalibratedCodec>> RunAsync(int workers, int[]? labels = null, Action? step = null)
    {
        var codecs = CodecRegistry.Default.Allow(["Raw", "Quantized3", "Quantized6"]).All.ToArray();
        var calibrator = new Calibrator(_model, Folder(), labels, codecs, new() { IntraOpThreads = 1 }, workers, TimeProvider.System);
        return calibrator.RunAsync(_model.Plan.Arms[1], step ?? (static () => { }), CancellationToken.None);
    }
}
