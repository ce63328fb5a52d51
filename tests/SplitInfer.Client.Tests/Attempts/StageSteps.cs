namespace SplitInfer.Client.Tests.Attempts;

/// <summary>The steps in which tests bring a request to the moment that they are about.</summary>
internal static class StageSteps
{
    /// <summary>Only for tests that fail: what does not come about in this time never will.</summary>
    public static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    public static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    /// <summary>Begins a request and brings it past its head: the boundary sets out at this moment.</summary>
    public static async Task<Task<Answer>> SetOutAsync(this StageUnderTest stage, Choice choice, TimeSpan? deadline = null, CancellationToken stop = default)
    {
        var (heads, received) = (stage.Device.Started(Segment.Head), stage.Server.Received);
        var call = stage.InferAsync(choice, deadline, stop);
        if (choice.Cut == Cut.Split)
        {
            await UntilAsync(() => stage.Device.Started(Segment.Head) > heads);
            stage.Time.Advance(stage.Device[Segment.Head].Takes);
        }

        await UntilAsync(() => stage.Server.Received > received);
        if (choice is { IsRaced: false, LateAfterSeconds: > 0 and < 1e6 } && stage.Server.Running > 0) await UntilAsync(() => stage.Time.IsSetFor(stage.Time.Now + LateAfter(stage, choice)));
        return call;
    }

    /// <summary>Begins a request whose tail both sides run, and brings it to the moment at which both have begun.</summary>
    public static async Task<Task<Answer>> RaceAsync(this StageUnderTest stage, Choice choice, CancellationToken stop = default)
    {
        var running = stage.Device.Running;
        var call = await stage.SetOutAsync(choice, stop: stop);
        if (!choice.IsRaced) stage.Time.Advance(TimeSpan.FromSeconds(choice.LateAfterSeconds));
        await UntilAsync(() => stage.Device.Running > running);
        return call;
    }

    /// <summary>Waits for an answer, which must be right.</summary>
    public static async Task<Answer> AnswerAsync(this Task<Answer> call, int request = 0)
    {
        var answer = await call.WaitAsync(FailureLimit);
        Assert.Equal(ThreeStages.Output(request), answer.Outputs);
        return answer;
    }

    /// <summary>Waits until the code under test, which also runs on other threads, has come so far. No time passes.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        var began = Environment.TickCount64;
        while (!condition())
        {
            if (Environment.TickCount64 - began > FailureLimit.TotalMilliseconds) throw new TimeoutException("What a test waits for does not come about.");
            await TurnsAsync(1);
        }
    }

    /// <summary>Lets time pass, from one timer to the next, until the code under test has come so far.</summary>
    public static async Task PassUntilAsync(this StageUnderTest stage, Func<bool> condition, int turns = 4)
    {
        while (!condition())
        {
            await UntilAsync(() => condition() || stage.Time.NextDue is not null);
            if (!condition()) stage.Time.AdvanceTo(stage.Time.NextDue ?? stage.Time.Now);
            // What was due may lead to a timer that is due before the next one.
            await TurnsAsync(turns);
        }
    }

    /// <summary>Lets others have their turns, behind all that waits for a thread already.</summary>
    public static async Task TurnsAsync(int count)
    {
        for (; count > 0; count--)
        {
            var turn = new TaskCompletionSource();
            ThreadPool.UnsafeQueueUserWorkItem(static turn => turn.SetResult(), turn, preferLocal: false);
            await turn.Task.ConfigureAwait(false);
        }
    }

    private static TimeSpan LateAfter(StageUnderTest stage, Choice choice) => TimeSpan.FromSeconds(choice.LateAfterSeconds) - stage.Time.TimersFireEarlyBy;

}
