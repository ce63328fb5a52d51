using SplitInfer.Policies.Quality;

namespace SplitInfer.Policies.Tests.Quality;

public class SlackRuleTests
{
    [Fact]
    public void A_choice_harms_where_somebody_is_late_who_is_not_when_it_is_the_shallowest() => RandomCurves.ForAll(500, static random =>
    {
        var (next, others) = Queue(random, random.Next(0, 3));
        var shortAt = random.NextDouble() * 0.01;
        var longAt = shortAt + (random.NextDouble() * 0.03);
        var (before, after) = (InTime(next, others, shortAt), InTime(next, others, longAt));
        Assert.Equal(before.Except(after).Any(), SlackRule.Harms(new() { Next = next, OthersFreeAt = others }, 12, shortAt, longAt));
    });

    [Fact]
    public void Of_one_lane_nobody_is_left_out_whom_another_choice_of_who_runs_would_save() => RandomCurves.ForAll(200, static random =>
    {
        // By deadlines, all equally long: as many are in time as in the best of all subsets.
        var (next, _) = Queue(random, 0);
        next = [.. next.OrderBy(static request => request.DueAt).Select(static request => request with { LeastSeconds = 0.003 })];
        var most = Enumerable.Range(0, 1 << next.Length).Max(subset =>
        {
            var (at, count) = (0.0, 0);
            for (var i = 0; i < next.Length; i++)
            {
                if ((subset >> i & 1) == 0) continue;
                if ((at += 0.003) > next[i].DueAt) return 0;
                count++;
            }

            return count;
        });
        Assert.Equal(most, int.PopCount((int)SlackRule.InTime(next, [], 0)));
    });

    [Fact]
    public void A_choice_is_the_deepest_that_harms_nobody_and_is_in_time_itself() => RandomCurves.ForAll(300, static random =>
    {
        var (curve, (next, others)) = (RandomCurves.Curve(random, hasSettings: false), Queue(random, random.Next(0, 2)));
        var controller = new QualityController(1, random, 0);
        controller.Add(curve);
        var dueAt = random.NextDouble() * 0.04;
        var choice = controller.Choose(0, new(), dueAt, new() { Next = next, OthersFreeAt = others }, 0);
        var shortAt = curve.Exits[0].Seconds;
        Assert.Equal(shortAt > dueAt, choice.IsLate);
        if (choice.IsLate) return;
        var allowed = 0;
        while (allowed + 1 < curve.Exits.Length && curve.Exits[allowed + 1].Seconds <= dueAt && !InTime(next, others, shortAt).Except(InTime(next, others, curve.Exits[allowed + 1].Seconds)).Any()) allowed++;
        // Without a price, the most accurate one as far as that.
        Assert.Equal(curve.Exits.Take(allowed + 1).Max(static exit => exit.Accuracy), curve.Exits[choice.Depth].Accuracy);
        Assert.InRange(choice.Depth, 0, allowed);
    });

    // Said again in the plainest way.
    private static List<int> InTime(WaitingRequest[] next, double[] others, double freeAt)
    {
        var (lanes, inTime) = (others.Append(freeAt).ToList(), new List<int>());
        for (var i = 0; i < next.Length; i++)
        {
            lanes.Sort();
            if (lanes[0] + next[i].LeastSeconds > next[i].DueAt) continue;
            lanes[0] += next[i].LeastSeconds;
            inTime.Add(i);
        }

        return inTime;
    }

    private static (WaitingRequest[] Next, double[] Others) Queue(Random random, int others) => (
        [.. Enumerable.Range(0, random.Next(0, 8)).Select(_ => new WaitingRequest(random.NextDouble() * 0.04, 1e-4 + (random.NextDouble() * 0.01)))],
        [.. Enumerable.Range(0, others).Select(_ => random.NextDouble() * 0.02)]);
}
