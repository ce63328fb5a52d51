using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Experience;

namespace SplitInfer.Policies.Tests.Experience;

public class ExperienceStatisticsTests
{
    private const double Rounding = 1e-9;

    [Fact]
    public void Adding_is_commutative_and_associative_and_what_was_added_can_be_taken_away() => ForAll((a, b, c) =>
    {
        AssertAlike(a.Plus(b), b.Plus(a), Rounding);
        AssertAlike(a.Plus(b).Plus(c), a.Plus(b.Plus(c)), Rounding);
        AssertAlike(a.Plus(b).Minus(b), a, Rounding);
        AssertAlike(a.Plus(ExperienceStatistics.Empty), a, 0);
    });

    [Fact]
    public void Bytes_come_back_as_they_were_and_numbers_to_single_precision() => ForAll((a, b, _) =>
    {
        var sum = a.Plus(b);
        var bytes = sum.ToBytes();
        var read = ExperienceStatistics.FromBytes(bytes);
        Assert.Equal(bytes, read.ToBytes());
        AssertAlike(sum, read, 1e-6 * (1 + sum.Weight));
    });

    [Fact]
    public void A_share_is_smaller_than_four_kilobytes() => Assert.InRange(RandomStatistics.Of(1).ToBytes().Length, 1, 4000);

    [Fact]
    public void What_is_of_one_user_alone_is_taken_out_and_what_is_left_is_that_of_ratings() => ForAll((seed, _, _) =>
    {
        var sums = RandomStatistics.Sums(seed);
        var all = sums.WithoutTaste([.. FeatureMap.Taste.Select(static _ => 1e12)], new SignalStatistics[SignalStatistics.Signals]);
        var common = RandomStatistics.Of(seed);
        Assert.Equal(all.Weight, common.Weight);
        for (var i = 0; i < FeatureMap.Dimension; i++)
        {
            var square = (i * (i + 1) / 2) + i;
            Assert.InRange(common.A[square], 0, all.A[square] + Rounding);
        }

        // How much of the level is left of n ratings of a user: n/(1 + ρn) at most.
        Assert.InRange(common.A[0], 0, all.A[0] / (1 + all.A[0]) + Rounding);
    });

    [Fact]
    public void Hostile_bytes_are_refused_by_their_own_error_or_give_statistics_that_can_be_used() => ForAll((seed, kind, at) =>
    {
        var bytes = RandomStatistics.Of(seed).ToBytes();
        var random = new Random(at);
        switch (kind % 4)
        {
            case 0:
                bytes = bytes[..random.Next(bytes.Length)];
                break;
            case 1:
                bytes = [.. bytes, (byte)at];
                break;
            case 2:
                random.NextBytes(bytes.AsSpan(random.Next(bytes.Length)));
                break;
            default:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
        }

        ExperienceStatistics read;
        try
        {
            read = ExperienceStatistics.FromBytes(bytes);
        }
        catch (ExperienceStatisticsException)
        {
            return;
        }

        Assert.True(kind % 4 > 1, "Bytes of another length were taken.");
        Assert.All(RandomStatistics.Numbers(read), static number => Assert.True(double.IsFinite(number)));
        var model = new ExperienceModel();
        model.Receive(read);
        var choice = model.Choose(1, RandomStatistics.Device(random), [RandomStatistics.Variant(random), RandomStatistics.Variant(random)]);
        Assert.InRange(choice.ExpectedRating, 0, 1);
        Assert.InRange(choice.Deviation, 0, 10);
    });

    [Theory]
    [InlineData(0, "no statistics")]
    [InlineData(4, "version")]
    [InlineData(6, "features")]
    public void A_header_says_what_is_wrong(int at, string word)
    {
        var bytes = RandomStatistics.Of(1).ToBytes();
        bytes[at]++;
        Assert.Contains(word, Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromBytes(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_cannot_claim_more_than_its_weight()
    {
        var phi = new double[FeatureMap.Dimension];
        phi[0] = 1;
        var sums = new RatingSums();
        for (var i = 0; i < 100; i++) sums.Add(phi, 1, 1);
        var bytes = sums.WithoutTaste([.. FeatureMap.Taste.Select(static _ => 1e12)], new SignalStatistics[SignalStatistics.Signals]).ToBytes();
        Assert.Equal(100, ExperienceStatistics.FromBytes(bytes).Weight);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), 10f);
        Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromBytes(bytes));
    }

    [Theory]
    [InlineData(1, 0, 1f)]
    [InlineData(3, 3, -3f)]
    [InlineData(1000, 8, 500f)]
    [InlineData(1e9, 8, 300f)]
    [InlineData(1e12, 20, -1e5f)]
    public void What_no_rating_shows_cannot_be_pulled_at(float weight, int feature, float pull)
    {
        var bytes = ExperienceStatistics.Empty.ToBytes();
        BitConverter.TryWriteBytes(bytes.AsSpan(8), weight);
        Assert.Equal(weight, ExperienceStatistics.FromBytes(bytes).Weight);
        BitConverter.TryWriteBytes(bytes.AsSpan(8 + (4 * (1 + ExperienceStatistics.Packed + feature))), pull);
        Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromBytes(bytes));
    }

    [Fact]
    public void Products_that_hold_in_pairs_and_not_together_are_refused()
    {
        // Three features of which each two are opposed.
        var bytes = ExperienceStatistics.Empty.ToBytes();
        BitConverter.TryWriteBytes(bytes.AsSpan(8), 10f);
        for (var i = 0; i < 3; i++)
            for (var j = 0; j <= i; j++) BitConverter.TryWriteBytes(bytes.AsSpan(12 + (4 * ((i * (i + 1) / 2) + j))), i == j ? 1f : -0.9f);
        Assert.Throws<ExperienceStatisticsException>(() => ExperienceStatistics.FromBytes(bytes));
    }

    [Fact]
    public void A_sum_that_is_kept_in_single_precision_is_still_one_of_ratings()
    {
        var bytes = ExperienceStatistics.Empty.ToBytes();
        for (var i = 0; i < 3000; i++) bytes = ExperienceStatistics.FromBytes(bytes).Plus(ExperienceStatistics.FromBytes(RandomStatistics.Of(i % 30).ToBytes())).ToBytes();
        Assert.InRange(ExperienceStatistics.FromBytes(bytes).Weight, 3000, 100_000);
    }

    private static void AssertAlike(ExperienceStatistics expected, ExperienceStatistics actual, double tolerance)
    {
        foreach (var (a, b) in RandomStatistics.Numbers(expected).Zip(RandomStatistics.Numbers(actual))) Assert.InRange(b, a - tolerance, a + tolerance);
    }

    private static void ForAll(Action<ExperienceStatistics, ExperienceStatistics, ExperienceStatistics> check) =>
        ForAll((a, b, c) => check(RandomStatistics.Of(a), RandomStatistics.Of(b), RandomStatistics.Of(c)));

    private static void ForAll(Action<int, int, int> check) => Prop.ForAll(Gen.Choose(0, 100_000).Three().ToArbitrary(), seeds => check(seeds.Item1, seeds.Item2, seeds.Item3))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithReplay(20261129, 7, 0));
}
