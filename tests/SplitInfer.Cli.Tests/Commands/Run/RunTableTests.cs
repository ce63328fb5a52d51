using SplitInfer.Cli.Commands.Run;

namespace SplitInfer.Cli.Tests.Commands.Run;

/// <summary>What people see of frames that an exit answered, and of those whose result came after the deadline.</summary>
public class RunTableTests
{
    private static readonly FrameLine Plain = new(0, 4, "Raw", Forced: false, Raced: false, 1, 0, 0, 0, 2, 0, 1.5, "device", null, null);

    [Fact]
    public void A_frame_that_an_exit_answered_is_marked_whether_all_answers_are_printed_or_not()
    {
        Assert.Contains("device exit ", Row(Plain with { Exit = 1, Confidence = 0.99 }), StringComparison.Ordinal);
        Assert.Contains("device early", Row(Plain with { Exit = 1, Confidence = 0.99, Early = true }), StringComparison.Ordinal);
        Assert.DoesNotContain("exit ", Row(Plain with { Exit = 0 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_after_the_deadline_is_marked_and_counted()
    {
        Assert.Contains("device late", Row(Plain with { Late = true }), StringComparison.Ordinal);
        Assert.Equal(1, RunSummaryLine.Of("m", "p", [Plain, Plain with { Late = true }], missed: 3).Late);
        Assert.Null(RunSummaryLine.Of("m", "p", [Plain], missed: 0).Late);
    }

    [Fact]
    public void A_result_counts_as_long_as_the_client_lets_it_count()
    {
        var deadline = new FrameDeadline(TimeSpan.FromMilliseconds(20));
        foreach (var (ms, late, missed) in ((double, bool, bool)[])[(19, false, false), (20.1, true, false), (25, true, false), (25.1, true, true)])
            Assert.Equal((late, missed), (deadline.IsLate(TimeSpan.FromMilliseconds(ms)), deadline.IsMissed(TimeSpan.FromMilliseconds(ms))));
        Assert.False(new FrameDeadline(null).IsLate(TimeSpan.FromDays(1)) || new FrameDeadline(null).IsMissed(TimeSpan.FromDays(1)));
    }

    private static string Row(FrameLine frame)
    {
        var output = new StringWriter();
        new RunTable(output, namesServers: false, namesVariants: false, namesExits: true, hasServers: false).Add(frame);
        return output.ToString().Split('\n')[1];
    }
}
