using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

/// <summary>What a coordinator is told of what comes, whoever sends what.</summary>
public class LoadMeterTests
{
    private const double Second = 1;

    [Fact]
    public void Nobody_hides_the_load_of_others_behind_many_kinds_of_requests() => RandomCurves.ForAll(30, static random =>
    {
        // One client sends requests of every weight and depth that there is, to a dozen models; another one is busy with one model.
        var (meter, now) = (new LoadMeter(0), 0.0);
        for (var i = 0; i < 2000; i++)
        {
            now += 5e-4;
            meter.Arrive(curve: 1 + random.Next(12), random.Next(6), 1 + (15 * random.NextDouble()), seconds: 0.001, now);
            if (i % 20 == 0) meter.Arrive(curve: 0, depth: 2, weight: 1, seconds: 0.010, now);
        }

        var report = meter.Report(0, 1, now, lanes: 1, slowness: 1);
        Assert.InRange(report.Classes.Length, 1, LoadReport.MaxClasses);
        var told = report.Classes.Where(static known => known.Curve == 0).ToArray();
        Assert.InRange(told.Sum(static known => known.Rate), 80, 150);
        Assert.All(told, static known => Assert.Equal((2, 1f), (known.Depth, known.Weight)));
    });

    [Fact]
    public void All_kinds_together_have_the_load_that_came() => RandomCurves.ForAll(100, static random =>
    {
        var (meter, now, sum) = (new LoadMeter(0), 0.0, 0.0);
        double[] seconds = [.. Enumerable.Range(0, 40).Select(_ => Math.Exp(-8 + (4 * random.NextDouble())))];
        for (var i = 0; i < 500; i++)
        {
            var curve = random.Next(40);
            now += 2e-3;
            sum += seconds[curve];
            meter.Arrive(curve, random.Next(3), 1, seconds[curve], now);
        }

        var report = meter.Report(0, 1, now, lanes: 1, slowness: 1);
        Assert.Equal(sum / now, report.Classes.Sum(known => known.Rate * seconds[known.Curve]), 1e-3 * sum);
        Assert.Equal(0, meter.Report(0, 2, now + Second, lanes: 1, slowness: 1).Classes.Sum(static known => known.Rate));
    });
}
