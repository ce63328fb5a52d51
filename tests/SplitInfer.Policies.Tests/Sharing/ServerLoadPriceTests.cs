using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Policies.Sharing;

namespace SplitInfer.Policies.Tests.Sharing;

/// <summary>The price of a server's time against queueing theory and against queues that are played without one of their requests.</summary>
public class ServerLoadPriceTests
{
    [Theory]
    [InlineData(0.3)]
    [InlineData(0.6)]
    [InlineData(0.75)]
    public void Requests_that_come_at_random_cost_others_what_theory_and_their_absence_say(double load)
    {
        const double Run = 0.010;
        var random = new Random(7);
        double Exponential(double mean) => -mean * Math.Log(1 - random.NextDouble());
        var (time, jobs) = (new FakeTimeProvider(), new List<(double At, double Run)>());
        for (var at = 0.0; jobs.Count < 60_000; at += Exponential(Run / load)) jobs.Add((at, Exponential(Run)));
        var price = new ServerLoadPrice(1, time);
        var (free, now, sum, count) = (0.0, 0.0, 0.0, 0);
        foreach (var (at, run) in jobs)
        {
            var begins = Math.Max(at, free);
            free = begins + run;
            time.Advance(TimeSpan.FromSeconds(Math.Max(free - now, 0)));
            now = free;
            price.Observe(begins - at, run);
            if (at < 60) continue;
            sum += price.Price;
            count++;
        }

        var theory = load / ((1 - load) * (1 - load));
        Assert.InRange(sum / count, 0.75 * theory, 1.35 * theory);

        // What others wait longer because of one request, per second of its run, over many of them.
        var (harm, seconds) = (0.0, 0.0);
        for (var i = 1_000; i < 50_000; i += 20)
        {
            harm += Waits(jobs, i, 2_000, without: -1) - Waits(jobs, i, 2_000, without: i) - OwnWait(jobs, i);
            seconds += jobs[i].Run;
        }

        Assert.InRange(sum / count, 0.65 * harm / seconds, 1.5 * harm / seconds);
    }

    [Fact]
    public void Who_never_waits_pays_nothing() =>
        Prop.ForAll(ArbMap.Default.ArbFor<ushort[]>(), static gaps =>
        {
            var time = new FakeTimeProvider();
            var price = new ServerLoadPrice(2, time);
            foreach (var gap in gaps)
            {
                time.Advance(TimeSpan.FromMilliseconds(gap + 1));
                price.Observe(0, 0.9 * gap / 1e3);
            }

            return price.Price == 0;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_is_observed_the_price_is_a_price() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(double Waited, double Run, byte Places)>(), static observed =>
        {
            var time = new FakeTimeProvider();
            var price = new ServerLoadPrice(observed.Places + 1, time);
            for (var i = 0; i < 20; i++)
            {
                time.Advance(TimeSpan.FromMilliseconds(3));
                price.Observe(observed.Waited, observed.Run);
                price.Observe(0.01, 0.01);
            }

            return price.Price is >= 0 and <= ServerLoadPrice.MaxPrice && price.Load is >= 0 and <= 1;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_clients_that_send_alike_each_has_the_price_of_all() => Prop.ForAll(Gen.Choose(1, 40).ToArbitrary(), static clients =>
    {
        var time = new FakeTimeProvider();
        var price = new ServerLoadPrice(2, time);
        for (var i = 0; i < 4000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(5.5));
            price.Observe(0.02, 0.01, $"client {i % clients}");
        }

        return price.Price > 1 && Enumerable.Range(0, clients).All(client => Math.Abs(price.PriceFor($"client {client}") - price.Price) <= 0.1 * price.Price);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void One_that_floods_a_server_pays_for_it_and_others_for_what_turns_let_them_cost()
    {
        // One place that is never free: what floods it waits in a long queue, and others for a turn or two.
        var time = new FakeTimeProvider();
        var price = new ServerLoadPrice(1, time);
        for (var i = 0; i < 4000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            if (i % 20 > 1) price.Observe(0.3, 0.01, "flood");
            else price.Observe(0.015, 0.01, $"polite {i % 20}");
        }

        Assert.InRange(price.PriceFor("flood"), 200, ServerLoadPrice.MaxPrice);
        Assert.Equal(price.Price, price.PriceFor("flood"), 1e-9);
        foreach (var polite in (string[])["polite 0", "polite 1", "one that comes anew"]) Assert.InRange(price.PriceFor(polite), 0.1, 2.5);
    }

    [Fact]
    public void Names_that_come_and_go_hide_no_flood()
    {
        var time = new FakeTimeProvider();
        var price = new ServerLoadPrice(1, time);
        for (var i = 0; i < 4000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            price.Observe(0.3, 0.01, i % 4 == 0 ? $"once {i}" : "flood");
        }

        Assert.Equal(price.Price, price.PriceFor("flood"), 1e-9);
        // What those sent that are not remembered counts in full.
        Assert.InRange(price.PriceFor("one that comes anew"), 0.1, 10);
    }

    [Fact]
    public void Whoever_sends_more_has_no_lower_price() => Prop.ForAll(Gen.Choose(1, 100_000).ToArbitrary(), static seed =>
    {
        var (random, time) = (new Random(seed), new FakeTimeProvider());
        var price = new ServerLoadPrice(1 + (seed % 3), time);
        double[] shares = [.. Enumerable.Range(0, 1 + random.Next(5)).Select(static client => Math.Pow(2.5, client))];
        for (var i = 0; i < 2000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(4 + (random.NextDouble() * 4)));
            var (client, at) = (0, random.NextDouble() * shares.Sum());
            while ((at -= shares[client]) > 0) client++;
            price.Observe(0.02 * random.NextDouble(), 0.01, $"{client}");
        }

        double[] prices = [.. Enumerable.Range(0, shares.Length).OrderBy(client => shares[client]).Select(client => price.PriceFor($"{client}"))];
        return prices.Zip(prices.Skip(1)).All(static pair => pair.First <= pair.Second * 1.02) && prices[^1] <= price.Price * (1 + 1e-9);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

    [Fact]
    public void A_price_falls_when_nothing_comes()
    {
        var time = new FakeTimeProvider();
        var price = new ServerLoadPrice(1, time);
        for (var i = 0; i < 200; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(12));
            price.Observe(0.02, 0.01);
        }

        var before = price.Price;
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(before > 1);
        Assert.InRange(price.Price, 0, before / 10);
    }

    [Fact]
    public void Loads_are_found_again_from_prices_and_waits()
    {
        foreach (var places in (int[])[1, 2, 5, 32])
        {
            var curve = new CongestionCurve(places);
            for (var load = 0.05; load < 0.95; load += 0.05)
            {
                Assert.Equal(load, curve.LoadOfPrice(curve.Price(load)), 6);
                Assert.Equal(load, curve.LoadOfWait(curve.Wait(load)), 6);

                // The elasticity is the slope of the logarithms.
                var slope = (Math.Log(curve.Wait(load * 1.0001)) - Math.Log(curve.Wait(load))) / Math.Log(1.0001);
                Assert.Equal(slope, curve.Elasticity(load), 0.02 * slope);
            }
        }
    }

    private static double Waits(List<(double At, double Run)> jobs, int from, int count, int without)
    {
        // Who comes before is served the same either way.
        var free = 0.0;
        for (var i = Math.Max(0, from - 900); i < from; i++) free = Math.Max(free, jobs[i].At) + jobs[i].Run;
        var sum = 0.0;
        for (var i = from; i < Math.Min(jobs.Count, from + count); i++)
        {
            if (i == without) continue;
            sum += Math.Max(free - jobs[i].At, 0);
            free = Math.Max(free, jobs[i].At) + jobs[i].Run;
        }

        return sum;
    }

    private static double OwnWait(List<(double At, double Run)> jobs, int job)
    {
        var free = 0.0;
        for (var i = Math.Max(0, job - 900); i < job; i++) free = Math.Max(free, jobs[i].At) + jobs[i].Run;
        return Math.Max(free - jobs[job].At, 0);
    }
}
