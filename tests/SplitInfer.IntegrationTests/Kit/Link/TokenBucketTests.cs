using Microsoft.Extensions.Time.Testing;
using SplitInfer.Testing.Link;

namespace SplitInfer.IntegrationTests.Kit.Link;

/// <summary>The rate of a shaped link, by accounts on a clock that stands still: no test waits.</summary>
public sealed class TokenBucketTests
{
    private const double Mbps8 = 8e6; // a byte each microsecond
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Burst_passes_at_once_and_the_rest_at_the_rate()
    {
        var bucket = new TokenBucket(_time, Mbps8, burstBytes: 1000);
        Assert.Equal(TimeSpan.Zero, bucket.Take(1000, isBusy: false));
        Assert.Equal(TimeSpan.FromMicroseconds(500), bucket.Take(500, isBusy: true));
        Assert.Equal(TimeSpan.FromMicroseconds(1500), bucket.Take(1000, isBusy: true));
    }

    [Fact]
    public void A_pause_earns_no_more_than_the_burst()
    {
        var bucket = new TokenBucket(_time, Mbps8, burstBytes: 1000);
        bucket.Take(5000, isBusy: false);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.FromMicroseconds(1000), bucket.Take(2000, isBusy: false));
    }

    [Theory]
    [InlineData(4e6)]
    [InlineData(50e6)]
    public void Timers_that_fire_late_cost_no_rate(double bitsPerSecond)
    {
        var bucket = new TokenBucket(_time, bitsPerSecond, burstBytes: 0);
        var random = new Random(3);
        var (start, bytes) = (_time.GetTimestamp(), 0L);
        for (var chunk = 0; chunk < 1000; chunk++)
        {
            var length = random.Next(1, 9000);
            bytes += length;
            var wait = bucket.Take(length, isBusy: chunk > 0);
            // A timer fires some milliseconds late, except after the last chunk, whose end is what is looked at.
            if (wait > TimeSpan.Zero) _time.Advance(wait + TimeSpan.FromMilliseconds(chunk < 999 ? random.Next(4) : 0));
        }

        var elapsed = _time.GetElapsedTime(start).TotalSeconds;
        Assert.InRange(bytes * 8 / elapsed, bitsPerSecond * 0.99, bitsPerSecond * 1.01);
    }

    [Fact]
    public void A_new_rate_holds_from_the_change_on()
    {
        var bucket = new TokenBucket(_time, Mbps8, burstBytes: 0);
        _time.Advance(bucket.Take(4000, isBusy: true));
        bucket.BitsPerSecond = Mbps8 / 10;
        Assert.Equal(TimeSpan.FromMilliseconds(40), bucket.Take(4000, isBusy: true));
    }

    [Fact]
    public void An_infinite_rate_never_waits()
    {
        var bucket = new TokenBucket(_time, double.PositiveInfinity, burstBytes: 0);
        Assert.Equal(TimeSpan.Zero, bucket.Take(1 << 30, isBusy: true));
        bucket.BitsPerSecond = Mbps8;
        Assert.Equal(TimeSpan.FromMicroseconds(100), bucket.Take(100, isBusy: true));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_rate_is_above_zero(double bitsPerSecond) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenBucket(_time, bitsPerSecond, burstBytes: 0));
}
