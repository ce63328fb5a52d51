using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Tests.Sharing;

public class KindPriorTests
{
    [Theory]
    [InlineData(12)]
    [InlineData(2000)]
    public void Adding_is_commutative_and_associative_even_where_not_all_quantities_are_kept(int quantities) => ForAll((a, b, c) =>
    {
        var (x, y, z) = (RandomPriors.Sum(a, quantities), RandomPriors.Sum(b, quantities), RandomPriors.Sum(c, quantities));
        Assert.Equal(x.Plus(y).ToBytes(), y.Plus(x).ToBytes());
        Assert.Equal(x.Plus(y).Plus(z).ToBytes(), x.Plus(y.Plus(z)).ToBytes());
        Assert.Equal(x.ToBytes(), x.Plus(KindPrior.Empty).ToBytes());
        Assert.InRange(x.Plus(y).Plus(z).Quantities, 0, KindPrior.MaxQuantities);
    });

    [Fact]
    public void Bytes_come_back_as_they_were() => ForAll((a, _, _) =>
    {
        var bytes = RandomPriors.Sum(a).ToBytes();
        Assert.Equal(bytes, KindPrior.FromBytes(bytes).ToBytes());
    });

    [Fact]
    public void Bytes_that_are_taken_have_the_one_form_that_is_written_and_others_are_refused_by_their_own_error() => ForAll((a, kind, at) =>
    {
        var random = new Random(at);
        var bytes = RandomPriors.Sum(a).Plus(RandomPriors.Share(random)).ToBytes();
        switch (kind % 4)
        {
            case 0:
                bytes = bytes[..random.Next(bytes.Length)];
                break;
            case 1:
                bytes = [.. bytes, (byte)at];
                break;
            case 2:
                random.NextBytes(bytes.AsSpan(random.Next(8, bytes.Length)));
                break;
            default:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
        }

        KindPrior read;
        try
        {
            read = KindPrior.FromBytes(bytes);
        }
        catch (KindPriorException)
        {
            return;
        }

        Assert.True(kind % 4 > 1, "Bytes of another length were taken.");
        Assert.Equal(bytes, read.ToBytes());
        Assert.All(read.Found.Keys, quantity => Assert.True(read.Find(quantity) is { } belief && double.IsFinite(belief.Value) && belief.Variance > 0));
    });

    [Fact]
    public void Fewer_shares_that_lie_than_shares_that_do_not_keep_what_is_used_among_what_honest_devices_found() => ForAll((seed, honest, hostile) =>
    {
        var random = new Random(seed);
        var (low, high) = (-6 + random.NextDouble(), -4 + random.NextDouble());
        var truths = 1 + (honest % 20);
        var sum = KindPrior.Empty;
        for (var i = 0; i < truths; i++) sum = sum.Plus(RandomPriors.Saying(low + ((high - low) * random.NextDouble())));
        for (var i = hostile % truths; i > 0; i--) sum = sum.Plus(RandomPriors.Saying(random.Next(2) == 0 ? -1e9 : 1e9));
        Assert.InRange(sum.Find(RandomPriors.Tail)!.Value.Log, low - LogHistogram.Width, high + LogHistogram.Width);
    });

    [Fact]
    public void A_share_that_counts_for_two_devices_is_refused()
    {
        var one = RandomPriors.Saying(-4);
        Assert.Equal(one.ToBytes(), KindPrior.FromShare(one.ToBytes()).ToBytes());
        Assert.Throws<KindPriorException>(() => KindPrior.FromShare(one.Plus(one).ToBytes()));
        Assert.Throws<KindPriorException>(() => KindPrior.FromShare(one.Plus(RandomPriors.Saying(-3)).ToBytes()));
    }

    [Fact]
    public void The_form_of_version_1_stays() =>
        Assert.Equal("53494B5001000100" + "02" + "0700000000000000" + "000003000000" + "01" + "8C02000000" + "9601000000",
            Convert.ToHexString(RandomPriors.Saying(-3.95).Plus(RandomPriors.Saying(-3.95)).Plus(RandomPriors.Saying(-2.95)).ToBytes()));

    [Theory]
    [InlineData(0, "no prior")]
    [InlineData(4, "version")]
    [InlineData(7, "quantities")]
    public void A_header_says_what_is_wrong(int at, string word)
    {
        var bytes = RandomPriors.Saying(-4).ToBytes();
        bytes[at] += 8;
        Assert.Contains(word, Assert.Throws<KindPriorException>(() => KindPrior.FromBytes(bytes)).Message, StringComparison.Ordinal);
    }

    private static void ForAll(Action<int, int, int> holds) =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<NonNegativeInt>(), (a, b, c) => holds(a.Get, b.Get, c.Get)).QuickCheckThrowOnFailure();
}
