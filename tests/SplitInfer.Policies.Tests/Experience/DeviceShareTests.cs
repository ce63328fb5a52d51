using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Experience;

namespace SplitInfer.Policies.Tests.Experience;

/// <summary>What whoever adds shares up takes of one device.</summary>
public class DeviceShareTests
{
    private const int A = 3, B = A + ExperienceStatistics.Packed;

    private static readonly VariantFeatures[] Variants = [new() { Accuracy = 0.6, Seconds = 0.02 }, new() { Accuracy = 0.9, Seconds = 1.5 }];

    [Fact]
    public void What_a_device_shares_is_taken() => Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), static seed =>
    {
        var random = new Random(seed);
        ExperienceOptions options = random.Next(2) == 0 ? new() : new() { RatingDeviation = 0.3 * random.NextDouble() + 0.05, LevelDeviation = 0.1 + random.NextDouble(), TasteDeviation = 0.1 + random.NextDouble() };
        var ratings = random.Next(8) == 0 ? random.Next(1, 1000) : random.Next(1, 40);
        if (Share(random, ratings, options) is not { } bytes) return;
        var share = ExperienceStatistics.FromShare(bytes, 1000, options);
        Assert.Equal(bytes, share.ToBytes());
        if (share.Weight > 2) Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromShare(bytes, (int)share.Weight - 1, options));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(20261129, 11, 0));

    /// <summary>Each of them is a sum that a fleet might have, so that <see cref="ExperienceStatistics.FromBytes"/> takes it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    public void What_only_several_devices_can_have_rated_is_refused(int ratings)
    {
        var share = ExperienceStatistics.FromBytes(Share(new Random(ratings), ratings)!);
        var twice = share.Plus(share);
        foreach (var claimed in (ExperienceStatistics[])[twice, twice.Plus(twice), share.Plus(RandomStatistics.Of(ratings))])
        {
            var bytes = ExperienceStatistics.FromBytes(claimed.ToBytes()).ToBytes();
            Assert.Contains("one user", Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromShare(bytes, 1000)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void More_weight_than_there_are_ratings_is_refused()
    {
        var bytes = Share(new Random(1), 20)!;
        BitConverter.TryWriteBytes(bytes.AsSpan(8), 40f);
        Assert.Equal(40, ExperienceStatistics.FromBytes(bytes).Weight);
        Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromShare(bytes, 1000));
        Assert.Contains("40 ratings", Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromShare(bytes, 30)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ExperienceStatistics.FromShare(bytes, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExperienceStatistics.FromShare(bytes, 1001));
    }

    /// <summary>Count, sum and sum of squares of ratings beside a signal: of 20 ratings.</summary>
    [Theory]
    [InlineData(30, 15, 8)]
    [InlineData(10, 5, 6)]
    [InlineData(10, 8, 1)]
    public void Ratings_beside_signals_are_those_of_the_share(float count, float sum, float squares)
    {
        var bytes = Share(new Random(1), 20)!;
        foreach (var (place, number) in ((int, float)[])[(0, count), (1, sum), (2, squares)]) BitConverter.TryWriteBytes(bytes.AsSpan(4 * (B + FeatureMap.Dimension + place)), number);
        Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromShare(bytes, 1000));
    }

    /// <summary>However it is made up, a share that is taken moves what a new device expects no further than the extreme ratings of so many sessions do.</summary>
    [Fact]
    public void Pulls_at_what_was_rated_are_refused()
    {
        var bytes = Share(new Random(1), 100)!;
        // Of the weight, and of b for what is no taste, where nothing was taken out.
        for (var feature = 10; feature < FeatureMap.Dimension; feature++)
        {
            var pulled = (byte[])bytes.Clone();
            var square = BitConverter.ToSingle(bytes, 4 * (A + (feature * (feature + 1) / 2) + feature));
            if (square < 1) continue;
            BitConverter.TryWriteBytes(pulled.AsSpan(4 * (B + feature)), (float)(0.95 * Math.Sqrt(100 * square)));
            Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromShare(pulled, 1000));
        }
    }

    private static byte[]? Share(Random random, int ratings, ExperienceOptions? options = null)
    {
        var model = new ExperienceModel(options);
        for (var session = 0; session < ratings; session++)
        {
            VariantFeatures[] variants = random.Next(2) == 0 ? Variants : [RandomStatistics.Variant(random), RandomStatistics.Variant(random)];
            model.Choose(session, RandomStatistics.Device(random), variants);
            if (random.Next(3) == 0) model.Signal(session, (ImplicitSignal)random.Next(1, 5));
            if (session == 0 || random.Next(8) > 0) model.Rate(session, random.Next(2) == 0 ? random.Next(2) : random.NextDouble(), 3 * random.NextDouble());
            else model.End(session);
        }

        return model.TakeShare()?.ToBytes();
    }
}
