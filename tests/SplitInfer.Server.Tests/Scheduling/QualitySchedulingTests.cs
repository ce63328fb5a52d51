using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Protocol;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>What holds for requests that allow exits beside those that do not, whatever comes.</summary>
public sealed class QualitySchedulingTests
{
    [Fact]
    public void Every_job_ends_once_no_place_is_taken_twice_and_no_answer_is_less_than_was_asked_for() => Check(seed: 18, 30, static random =>
    {
        using var world = new QualityWorld(places: random.Next(1, 4), seed: 1);
        var rate = world.Places * (0.5 + (4 * random.NextDouble())) / QualityWorld.Whole;
        world.PlayAsync(Arrivals(random, rate, seconds: 0.5, () => Any(random, world))).Wait();
        Assert.All(world.Jobs, static job => Assert.Equal(1, job.Endings));
        Assert.InRange(world.MostRunning, 1, world.Places);
        foreach (var job in world.Jobs.Where(static job => job.Failure is null))
        {
            if (job.MinQuality is not { } least) Assert.Equal(2, job.Answered);
            else Assert.True(QualityWorld.Agreement[job.Answered] >= least, $"an answer of {QualityWorld.Agreement[job.Answered]} where {least} was asked for");
        }

        Assert.All(world.Jobs.Where(static job => job.Failure is not null), static job => Assert.True(
            job.Stop.IsCancellationRequested || job.Failure is TailRefusedException { Code: RefusalCode.Busy or RefusalCode.DeadlineExceeded } || (job.Failure is OperationCanceledException && job.Terms.DueAt < long.MaxValue), $"{job.Failure}"));
        foreach (var job in world.Jobs) foreach (var output in job.Outputs.Span) output?.Dispose();
    });

    [Fact]
    public async Task Without_load_the_model_itself_answers()
    {
        using var world = new QualityWorld(places: 1, seed: 1);
        await world.PlayAsync(Enumerable.Range(0, 200).Select(i => (i * 0.1, (Func<QualityJob>)(() => world.Make(minQuality: 0.5, deadline: 0.1)))));
        Assert.All(world.Jobs, static job => Assert.Equal(2, job.Answered));
    }

    [Theory]
    [InlineData(1.5, 0.01)]
    [InlineData(3.5, 0.01)]
    [InlineData(3.5, 0.06)]
    [InlineData(4.25, 0.06)]
    public async Task Above_what_can_be_run_whole_all_get_an_answer_in_time(double load, double shortest)
    {
        var random = new Random(5);
        // Many wait where they have long.
        double[] deadlines = [shortest, 3 * shortest, 10 * shortest];
        using var world = new QualityWorld(places: 1, seed: 1);
        await world.PlayAsync(Arrivals(random, load / QualityWorld.Whole, seconds: 20, () => world.Make(minQuality: 0.1, deadlines[random.Next(3)], user: $"user {random.Next(16)}")));
        // The first second finds out what comes.
        var settled = world.Jobs.Skip(world.Jobs.Count / 10).ToArray();
        var inTime = settled.Count(static job => job.Failure is null && job.At <= job.Terms.DueAt);
        Assert.True(inTime >= 0.995 * settled.Length, $"{inTime} of {settled.Length} in time: {settled.Where(static job => job.Failure is not null).GroupBy(static job => job.Failure!.Message).FirstOrDefault()?.Key}");
        Assert.InRange(settled.Count(static job => job.Answered > 0), 1, settled.Length - 1);
    }

    [Fact]
    public async Task Legs_that_took_long_when_they_were_measured_keep_nobody_out_once_they_have_run()
    {
        var random = new Random(8);
        using var world = new QualityWorld(places: 1, seed: 1, measured: 20);
        await world.PlayAsync(Arrivals(random, 0.5 / QualityWorld.Whole, seconds: 20, () => world.Make(minQuality: 0.1, deadline: random.Next(2) == 0 ? 0.03 : 0.3)));
        var settled = world.Jobs.Skip(world.Jobs.Count / 4).ToArray();
        var refused = settled.Count(static job => job.Failure is not null);
        Assert.True(refused <= 0.005 * settled.Length, $"{refused} of {settled.Length} refused");
    }

    [Fact]
    public async Task Who_allows_no_exits_gets_turns_beside_any_number_that_do()
    {
        var random = new Random(6);
        using var world = new QualityWorld(places: 1, seed: 1);
        var polite = 0.0;
        await world.PlayAsync(Arrivals(random, 6 / QualityWorld.Whole, seconds: 5, () =>
        {
            if (world.Now < polite) return world.Make(minQuality: 0.1, deadline: 0.02, machine: "hostile", connection: random.Next(20));
            polite = world.Now + 0.1;
            return world.Make(minQuality: null, machine: "polite");
        }));
        var wholes = world.Jobs.Where(static job => job.Terms.Machine == "polite").ToArray();
        Assert.True(wholes.Length > 40);
        Assert.All(wholes, static job => Assert.Equal(2, job.Answered));
    }

    [Fact]
    public async Task What_no_exit_can_answer_in_time_is_refused_at_once_and_told_when_to_come_back()
    {
        using var world = new QualityWorld(places: 1, seed: 1);
        await world.PlayAsync([(0, () => world.Make(0.1)), (0.001, () => world.Make(0.1, deadline: QualityWorld.Leg / 2)), (0.0011, () => world.Make(minQuality: 1, deadline: 0.005))]);
        Assert.All(world.Jobs.Skip(1), static job =>
        {
            var refused = Assert.IsType<TailRefusedException>(job.Failure);
            Assert.Equal(RefusalCode.DeadlineExceeded, refused.Code);
            Assert.True(refused.RetryAfter > TimeSpan.Zero);
        });
        Assert.All(world.Jobs.Skip(1), job => Assert.InRange(job.At, 0, world.Time.GetTimestamp()));
    }

    [Fact]
    public async Task Deadlines_that_nothing_can_meet_take_nothing_from_others()
    {
        var (alone, beside) = (await DeepAsync(hostile: false), await DeepAsync(hostile: true));
        Assert.InRange(beside, 0.95 * alone, 1);

        static async Task<double> DeepAsync(bool hostile)
        {
            var random = new Random(7);
            using var world = new QualityWorld(places: 1, seed: 1);
            await world.PlayAsync(Arrivals(random, 60, seconds: 10, () => world.Make(minQuality: 0.1, deadline: 0.03)).Concat(
                Arrivals(random, hostile ? 200 : 1e-3, seconds: 10, () => world.Make(minQuality: 0.1, deadline: QualityWorld.Leg / 4, machine: "hostile", user: "hostile"))).OrderBy(static one => one.At));
            var polite = world.Jobs.Where(static job => job.Terms.Machine != "hostile").ToArray();
            return polite.Count(static job => job.Answered == 2) / (double)polite.Length;
        }
    }

    /// <summary>A machine that sends little beside one that floods the server, all with equal deadlines: what the other has waiting runs in its turn, and is no reason to refuse.</summary>
    [Fact]
    public async Task A_machine_within_its_share_is_not_refused_for_what_another_one_has_waiting()
    {
        var random = new Random(8);
        using var world = new QualityWorld(places: 1, seed: 1);
        await world.PlayAsync(Arrivals(random, 5 / QualityWorld.Leg, seconds: 10, () => world.Make(minQuality: 0.1, deadline: 0.03, machine: "flood", connection: random.Next(4))).Concat(
            Arrivals(random, 58, seconds: 10, () => world.Make(minQuality: 0.1, deadline: 0.03, machine: "polite"))).OrderBy(static one => one.At));
        var polite = world.Jobs.Where(static job => job.Terms.Machine == "polite").ToArray();
        Assert.True(polite.Length > 500);
        var refused = polite.Count(static job => job.Failure is not null || job.At > job.Terms.DueAt);
        Assert.True(refused <= 0.01 * polite.Length, $"{refused} of {polite.Length} requests had no answer in time");
    }

    [Theory]
    [InlineData(false, QualityWorld.Leg)]
    [InlineData(true, QualityWorld.Whole)]
    public async Task Exits_that_turn_out_to_agree_less_often_than_was_said_do_not_answer_who_asks_for_more(bool disagrees, double least)
    {
        using var world = new QualityWorld(places: 1, seed: 1) { Disagrees = disagrees };
        await world.PlayAsync(Enumerable.Range(0, 3000).Select(i => (i * 0.02, (Func<QualityJob>)(() => world.Make(minQuality: 0.85)))));
        Assert.Equal(least, world.Make(minQuality: 0.85).Terms.LeastSeconds, least / 10);
        foreach (var job in world.Jobs) foreach (var output in job.Outputs.Span) output?.Dispose();
    }

    private static QualityJob Any(Random random, QualityWorld world)
    {
        var job = world.Make(
            random.Next(3) == 0 ? null : random.NextDouble(), random.Next(4) == 0 ? double.PositiveInfinity : Math.Exp(-5.5 + (4 * random.NextDouble())), $"machine {random.Next(3)}", random.Next(4), $"user {random.Next(5)}", random.Next(1, 5));
        if (random.Next(10) == 0) job.Stop.Cancel();
        return job;
    }

    private static IEnumerable<(double At, Func<QualityJob> Make)> Arrivals(Random random, double rate, double seconds, Func<QualityJob> make)
    {
        for (var at = 0.0; at < seconds; at += -Math.Log(1 - random.NextDouble()) / rate) yield return (at, make);
    }

    private static void Check(ulong seed, int count, Action<Random> property) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 1), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), caseSeed => property(new Random(caseSeed))));
}
