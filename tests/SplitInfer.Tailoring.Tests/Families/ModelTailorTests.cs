using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Tailoring.Tests.Families;

public sealed class ModelTailorTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_target_gets_the_variant_that_meets_it_or_is_told_what_comes_nearest()
    {
        var (model, plan) = Load();
        var whole = new FileInfo(_folder["model.onnx"]).Length;
        TailoringTarget[] targets = [new() { Name = "any" }, new() { Name = "small", MaxBytes = whole / 2.5 }, new() { Name = "tiny", MaxBytes = 1000 }, new() { Name = "arm", MaxBytes = whole / 2.5, Isa = "arm64" }];
        var family = ModelTailor.CreateSuite(model, plan.Inputs, targets, new MemorySamples(6), _folder["family"], Options());
        Assert.Equal(["any", "small", "tiny", "arm"], family.Targets.Select(static t => t.Name));
        Assert.Equal("float32", family.Targets[0].Variant);
        Assert.Equal("int8", family.Targets[1].Variant);
        Assert.Null(family.Targets[2].Variant);
        Assert.Contains("The nearest is 'int8", family.Targets[2].Refusal, StringComparison.Ordinal);
        Assert.Equal("int8-arm64", family.Targets[3].Variant);
        Assert.Equal(3, family.Samples);
        foreach (var variant in family.Variants)
        {
            var written = OnnxModel.Load(Path.Combine(_folder["family"], variant.File));
            Assert.Equal(variant.Fingerprint, written.Fingerprint);
            Assert.Equal(variant.Bytes, new FileInfo(Path.Combine(_folder["family"], variant.File)).Length);
            Assert.NotEmpty(PartitionedModel.From(written).Plan.Arms);
        }

        var loaded = FamilyFile.Load(Path.Combine(_folder["family"], FamilyFile.Name));
        Assert.Equal(family.Variants.Select(static v => v.Fingerprint), loaded.Variants.Select(static v => v.Fingerprint));
    }

    [Fact]
    public void Sensitive_products_stay_in_float_until_enough_answers_agree()
    {
        var (model, plan) = Load();
        var made = new ListProgress<TailoringProgress>();
        // No number of samples can promise that all agree, so that every mixture is tried.
        var family = ModelTailor.CreateSuite(model, plan.Inputs, [new() { Name = "all", MinAgreement = 1, MaxBytes = new FileInfo(_folder["model.onnx"]).Length * 0.4 }], new MemorySamples(6), _folder["family"], Options(), made);
        Assert.Null(family.Targets[0].Variant);
        Assert.Contains("samples are too few to promise", family.Targets[0].Refusal, StringComparison.Ordinal);
        Assert.All((string[])["int8", "int8-keep1", "int8-keep2", "int8-keep4"], name => Assert.Contains(made.Values, value => value.What == $"Measuring {name}"));
    }

    [Fact]
    public void What_cannot_be_promised_is_refused_before_anything_is_made()
    {
        var (model, plan) = Load();
        var foreign = OtherIsa();
        var error = Assert.Throws<InvalidTargetException>(() => ModelTailor.CreateSuite(model, plan.Inputs, [new() { Name = "far", MaxMs = 5, Isa = foreign }], new MemorySamples(2), _folder["family"]));
        Assert.Contains("only where it was measured", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidTargetException>(() => ModelTailor.CreateSuite(model, plan.Inputs, [new() { Name = "twice" }, new() { Name = "twice" }], new MemorySamples(2), _folder["family"]));
        Assert.Throws<InvalidTargetException>(() => ModelTailor.CreateSuite(model, plan.Inputs, [new() { Name = "never", MinAgreement = 2 }], new MemorySamples(2), _folder["family"]));
        Assert.False(Directory.Exists(_folder["family"]));
    }

    [Fact]
    public void A_stop_writes_nothing()
    {
        var (model, plan) = Load();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => ModelTailor.CreateSuite(model, plan.Inputs, [], new MemorySamples(4), _folder["family"], Options(), cancellationToken: stop.Token));
        Assert.False(Directory.Exists(_folder["family"]));
    }

    internal static string OtherIsa() => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "x64" : "arm64";

    private static TailoringOptions Options() => new() { Timing = new() { TimingRounds = 3, TimingBudget = default } };

    private (OnnxModel Model, PartitionPlan Plan) Load()
    {
        UNet.Build().Save(_folder["model.onnx"]);
        var model = OnnxModel.Load(_folder["model.onnx"]);
        return (model, PartitionedModel.From(model).Plan);
    }
}
