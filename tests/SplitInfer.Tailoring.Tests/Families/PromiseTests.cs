using SplitInfer.Families;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Tailoring.Families;
using SplitInfer.Tailoring.Tests.Calibration;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Tailoring.Tests.Families;

/// <summary>What a family says of its variants, and what one variant that fails costs.</summary>
public sealed class PromiseTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_time_that_a_target_is_met_by_is_written_down_for_each_number_of_threads()
    {
        var family = Make(SmallNet.Build(), [new() { Name = "two", MaxMs = 1e9, Threads = 2 }], options => options.Threads = 1);
        Assert.All(family.Variants, static variant => Assert.Equal([1, 2], variant.Times.Select(static t => t.Threads)));
        Assert.All(family.Variants.SelectMany(static v => v.Times), static time => Assert.True(time.UpperMilliseconds >= time.Milliseconds));
        // What was promised is in the file, too.
        var loaded = FamilyFile.Load(Path.Combine(_folder["family"], FamilyFile.Name));
        Assert.Equal(family.Variants.SelectMany(static v => v.Times), loaded.Variants.SelectMany(static v => v.Times));
    }

    [Fact]
    public void Variants_that_are_delivered_are_timed_beside_one_and_the_same_original() =>
        Assert.Single(Make(SmallNet.Build(), [new() { Name = "any" }, new() { Name = "small", MaxBytes = 60_000 }]).Variants.Select(static v => v.Times[0].BaseMilliseconds).Distinct());

    [Fact]
    public void Times_of_another_processor_are_marked_and_decide_nothing()
    {
        var family = Make(SmallNet.Build(), [new() { Name = "far", MaxBytes = 60_000, Isa = ModelTailorTests.OtherIsa() }]);
        var far = Assert.Single(family.Variants, v => v.Name == family.Targets[0].Variant);
        Assert.True(far.IsTimedElsewhere);
        Assert.True(far.IsParetoOptimal);
        Assert.Equal(ModelTailorTests.OtherIsa(), far.Isa);
        Assert.False(family.Variants.Single(static v => v.Name == "float32").IsTimedElsewhere);
    }

    [Theory]
    [InlineData(0.75)]
    [InlineData(0.95)]
    public void The_risk_of_a_promise_is_spent_once_however_many_variants_are_tried(double confidence)
    {
        const int mixed = 4;
        VariantKind[] tried = [VariantKind.Int8, .. Enumerable.Repeat(VariantKind.MixedInt8, mixed), VariantKind.DynamicInt8, VariantKind.HalfWeights, VariantKind.Int8Weights, .. VariantMaker.PrunedPercents.Select(static _ => VariantKind.PrunedInt8)];
        Assert.Equal(1, tried.Sum(static kind => PromiseRisk.ShareOf(kind, mixed)), 1e-12);
        // By chance: variants of which exactly the share p agrees, judged by n samples each, and any that seems good enough is taken.
        const int trials = 4000, samples = 60;
        const double least = 0.9, truth = 0.8999;
        var random = new Random(1);
        var broken = 0;
        for (var trial = 0; trial < trials; trial++)
        {
            if (tried.Any(kind => Tailoring.Evaluation.BinomialBound.Lower(Enumerable.Range(0, samples).Count(_ => random.NextDouble() < truth), samples, 1 - ((1 - confidence) * PromiseRisk.ShareOf(kind, mixed))) >= least)) broken++;
        }

        Assert.True(broken <= trials * (1 - confidence), $"{broken} of {trials}");
    }

    [Fact]
    public void Minus_infinity_inside_a_mask_costs_no_more_than_the_products_that_read_it()
    {
        // softmax(x + mask) with −∞ for the first of eight places, as attention has it.
        float[] mask = [float.NegativeInfinity, 0, 0, 0, 0, 0, 0, 0];
        var family = Make(SmallNet.Build((g, x) =>
        {
            var masked = g.Add(x, g.Initializer(TensorValue.From<float>(mask, 8)));
            return g.Mul(x, g.Node("Softmax", [masked], ("axis", 3L)));
        }), [new() { Name = "small", MaxBytes = 60_000 }]);
        Assert.Equal("int8", family.Targets[0].Variant);
    }

    [Fact]
    public void A_variant_that_does_not_run_is_told_and_the_others_are_made()
    {
        var (model, engine) = (SmallNet.Build(), new CountingEngine { Refuses = static bytes => System.Text.Encoding.Latin1.GetString(bytes).Contains("QuantizeLinear", StringComparison.Ordinal) });
        var family = Make(model, [new() { Name = "small", MaxBytes = 60_000 }], options => options.Execution = new() { Engine = engine });
        Assert.Contains(family.NotMade, static reason => reason.StartsWith("int8: ", StringComparison.Ordinal) && reason.Contains("refused by the test", StringComparison.Ordinal));
        Assert.Equal("int8-weights", family.Targets[0].Variant);
    }

    [Fact]
    public void A_model_that_cannot_be_normalised_is_delivered_as_it_is_with_the_fingerprint_of_the_file()
    {
        var model = SmallNet.Build();
        var family = Make(model, [new() { Name = "any" }], options => options.Execution = new() { Engine = new CountingEngine { RefusesToOptimize = true } });
        Assert.Equal("float32", family.Targets[0].Variant);
        Assert.Equal(OnnxModel.Load(Path.Combine(_folder["family"], family.Variants[0].File)).Fingerprint, family.Variants[0].Fingerprint);
        Assert.Contains(family.NotMade, static reason => reason.StartsWith("normalisation: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_a_model_whose_answers_change_from_run_to_run_no_more_is_promised_than_was_seen()
    {
        var family = Make(SmallNet.Build(), [new() { Name = "any" }, new() { Name = "same", MinAgreement = 0.5 }], options => options.Execution = new() { Engine = new CountingEngine { IsFickle = true } });
        var variant = Assert.Single(family.Variants);
        Assert.Equal(0, variant.Agreement);
        Assert.Equal(["float32", null], family.Targets.Select(static target => target.Variant));
    }

    [Fact]
    public void With_too_few_samples_to_keep_some_apart_the_family_says_so()
    {
        Assert.True(Make(SmallNet.Build(), [], samples: 3).SharesSamples);
        Assert.False(Make(SmallNet.Build(), [], samples: 4).SharesSamples);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_told_before_the_work()
    {
        File.WriteAllText(_folder["family"], "a file");
        var engine = new CountingEngine();
        Assert.ThrowsAny<IOException>(() => Make(SmallNet.Build(), [], options => options.Execution = new() { Engine = engine }));
        Assert.Equal(0, engine.Runs);
    }

    private ModelFamily Make(OnnxModel model, IReadOnlyList<TailoringTarget> targets, Action<TailoringOptions>? change = null, int samples = 8)
    {
        var options = new TailoringOptions { Timing = new() { TimingRounds = 3, TimingBudget = default } };
        change?.Invoke(options);
        return ModelTailor.CreateSuite(model, PartitionedModel.From(model).Plan.Inputs, targets, new MemorySamples(samples), _folder["family"], options);
    }
}
