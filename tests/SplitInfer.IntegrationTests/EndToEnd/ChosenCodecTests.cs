using SplitInfer.Calibration;
using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Which codecs a client lets its policy choose among.</summary>
public sealed class ChosenCodecTests : IDisposable
{
    private static readonly byte[] Model = UNet.Build().ToBytes();

    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Without_a_calibration_nothing_is_lost_and_the_client_says_so()
    {
        var arms = await ArmsAsync(static _ => { });
        Assert.All(arms.Codecs, static codec => Assert.True(IsLossless(codec)));
        Assert.True(arms.Codecs.Distinct().Count() > 1);
        Assert.Empty(arms.Warnings);
    }

    [Theory]
    [InlineData(0.99, "Quantized6")]
    [InlineData(0.999, "Quantized8")]
    public async Task With_one_the_smallest_codec_within_the_bound_is_an_arm_and_none_beyond_it(double bound, string smallest)
    {
        var arms = await ArmsAsync(o => (o.Calibration, o.MinAgreement) = (Calibrate(o.ModelPath), bound));
        Assert.Contains(smallest, arms.Codecs);
        Assert.DoesNotContain(arms.Codecs, codec => !IsLossless(codec) && AgreementOf(codec) < bound);
        Assert.Empty(arms.Warnings);
    }

    [Fact]
    public async Task A_codec_that_is_named_is_taken_whatever_it_loses()
    {
        var arms = await ArmsAsync(static o => o.Codec = "Quantized2");
        Assert.All(arms.Codecs, static codec => Assert.Equal("Quantized2", codec));
        Assert.Empty(arms.Warnings);
    }

    [Fact]
    public async Task What_the_user_does_not_allow_is_no_arm()
    {
        var arms = await ArmsAsync(o => (o.Calibration, o.AllowedCodecs) = (Calibrate(o.ModelPath), new HashSet<string> { "Raw", "Quantized8" }));
        Assert.Equal(["Quantized8"], arms.Codecs.SkipLast(1).Where(static codec => codec != "Raw").Distinct());
        Assert.Contains("'Zip'", (await Assert.ThrowsAsync<ArgumentException>(() => ArmsAsync(static o => o.AllowedCodecs = new HashSet<string> { "Zip" }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_calibration_of_another_model_is_refused()
    {
        await using var deployment = await Deployment.StartAsync(Model);
        var other = _folder["other.onnx"];
        File.WriteAllBytes(other, AnotherModel());
        var error = await Assert.ThrowsAsync<InvalidCalibrationException>(async () => await deployment.ConnectAsync(o => o.Calibration = Calibrate(other)));
        Assert.Contains("splitinfer calibrate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_operator_does_not_allow_is_replaced_by_what_loses_nothing()
    {
        await using var deployment = await Deployment.StartAsync(Model, static o => (o.PreloadArms, o.Codecs) = (true, ["ZeroBitmap"]));
        await using var client = await deployment.ConnectAsync(o =>
        {
            o.Calibration = Calibrate(o.ModelPath);
            o.CustomPolicy = static setup => new TakesEveryArm(setup);
        });
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        for (var offloaded = 0; offloaded < 20;)
        {
            using var result = await client.InferAsync(input);
            if (result.Source == InferenceSource.Device) continue;
            Assert.Equal("ZeroBitmap", result.Codec);
            offloaded++;
        }

        Assert.Null(client.ServerFailure);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] AnotherModel() => Detector.Build().ToBytes();

    private static bool IsLossless(string name) => CodecRegistry.Default.TryGet(name, out var codec) && codec.IsLossless;

    private static double AgreementOf(string codec) => codec switch { "Quantized8" => 0.9995, "Quantized6" => 0.993, "Quantized4" => 0.97, _ => 1 };

    private static async Task<(IReadOnlyList<string> Codecs, IReadOnlyList<string> Warnings)> ArmsAsync(Action<SplitInferenceOptions> configure)
    {
        await using var deployment = await Deployment.StartAsync(Model);
        PolicySetup? seen = null;
        await using var client = await deployment.ConnectAsync(o =>
        {
            o.CustomPolicy = setup =>
            {
                seen = setup;
                return new TakesEveryArm(setup);
            };
            configure(o);
        });
        return ([.. seen!.Arms.Select(arm => seen.Codecs[arm.Arm.Codec])], client.Warnings);
    }

    private string Calibrate(string model)
    {
        var plan = PartitionedModel.Load(model).Plan;
        var entries =
            from partition in plan.Partitions
            where partition.IsAdmissible && !partition.Boundary.IsEmpty
            from codec in ((string Name, double Ratio)[])[("Raw", 1), ("ZeroBitmap", 1.8), ("Quantized8", 6), ("Quantized6", 9), ("Quantized4", 15)]
            select new CalibrationEntry
            {
                Partition = partition.Index,
                Codec = codec.Name,
                Ratio = codec.Ratio,
                Agreement = AgreementOf(codec.Name),
                OutputError = 0,
                EncodeGBs = 2,
                DecodeGBs = 4,
                PayloadBytes = partition.BoundaryBytes / codec.Ratio,
            };
        var path = _folder[$"{Path.GetFileNameWithoutExtension(model)}.json"];
        CalibrationFile.Save(path, new(plan.Model, plan.Fingerprint, 100, entries));
        return path;
    }

    /// <summary>One arm after the other, whatever they cost; those of the server as soon as it is there.</summary>
    private sealed class TakesEveryArm(PolicySetup setup) : IPartitionPolicy
    {
        private int _next;

        public string Name => nameof(TakesEveryArm);

        public Decision Decide(in DecisionContext context)
        {
            var index = context.UnavailableServers != 0 ? setup.Arms.Length - 1 : _next++ % setup.Arms.Length;
            return new() { Arm = setup.Arms[index].Arm with { Index = index }, PredictedSeconds = double.NaN };
        }

        public void Observe(in Outcome outcome) { }
    }
}
