using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Client.Attempts;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>What the device computes in vain stays within its share, whatever it is asked for.</summary>
public class ExtraWorkTests
{
    [Fact]
    public void What_was_in_vain_is_never_more_than_the_share_and_one_run() => Check.One(
        Config.QuickThrowOnFailure.WithReplay(5, 1).WithMaxTest(300),
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), static seed =>
        {
            var random = new Random(seed);
            var share = random.NextDouble();
            var extra = new ExtraWork(share);
            var (useful, inVain, longest) = (0.0, 0.0, 0.0);
            for (var request = 0; request < 200; request++)
            {
                var expected = random.NextDouble();
                if (extra.TryReserve(expected))
                {
                    // A run may take longer than expected, and may not have been in vain.
                    var took = random.Next(2) == 0 ? 0 : expected * 2 * random.NextDouble();
                    extra.Settle(expected, took);
                    (inVain, longest) = (inVain + took, Math.Max(longest, took));
                }

                var earned = random.NextDouble();
                extra.Earn(earned);
                useful += earned;
            }

            return inVain - longest <= share / (1 - share) * useful * (1 + 1e-9);
        }));

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Nothing_and_all_are_allowed_for_good(double share, bool isAllowed)
    {
        var extra = new ExtraWork(share);
        for (var request = 0; request < 10; request++)
        {
            Assert.Equal(isAllowed, extra.TryReserve(1e6));
            if (isAllowed) extra.Settle(1e6, 1e6);
        }
    }

    [Fact]
    public void What_was_earned_long_ago_is_not_kept()
    {
        var extra = new ExtraWork(0.5);
        for (var request = 0; request < 100_000; request++) extra.Earn(1);
        Assert.InRange(extra.Balance, 1, 100);
    }
}
