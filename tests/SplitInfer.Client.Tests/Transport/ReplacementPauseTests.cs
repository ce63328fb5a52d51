using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Tests.Transport;

public class ReplacementPauseTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.25);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Pauses_double_up_to_the_longest_and_begin_anew_after_a_connection_that_lasted()
    {
        var pause = new ReplacementPause(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), _time);
        Assert.Equal([0, 1, 2, 4, 5, 5], Enumerable.Range(0, 6).Select(_ => SecondsUntilBegun(pause)));
        _time.Advance(TimeSpan.FromSeconds(10) + Step);
        Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(_ => SecondsUntilBegun(pause)));
    }

    private double SecondsUntilBegun(ReplacementPause pause)
    {
        var began = _time.GetUtcNow();
        while (!pause.TryBegin()) _time.Advance(Step);
        return (_time.GetUtcNow() - began).TotalSeconds;
    }
}
