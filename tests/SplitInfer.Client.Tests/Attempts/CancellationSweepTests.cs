using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>A caller who cancels at each moment at which anything happens, and between: the call ends once what ran for it has, and the next one is right.</summary>
public class CancellationSweepTests
{
    private const int LastMs = 80;

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static readonly Dictionary<string, (Choice Choice, ServerAct Act)> Cases = new()
    {
        ["the server answers"] = (Choice.Plain, new(Ms(30))),
        ["the server answers late"] = (Choice.Late(Ms(20)), new(Ms(60))),
        ["the server never answers"] = (Choice.Late(Ms(20)), ServerAct.Never),
        ["the server fails"] = (Choice.Plain, new(Ms(30), Fault.ConnectionLost)),
        ["the server fails late"] = (Choice.Late(Ms(20)), new(Ms(40), Fault.ConnectionLost)),
        ["a race that the server wins"] = (Choice.Raced, new(Ms(2))),
        ["a race that the device wins"] = (Choice.Raced, new(Ms(70))),
        ["a race in which the server fails"] = (Choice.Raced, new(Ms(5), Fault.ServerFailed)),
        ["a cut that is named"] = (Choice.Named, new(Ms(30))),
        ["the device alone"] = (Choice.OnDevice, new(Ms(30))),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_call_ends_and_the_next_is_right(string name)
    {
        var (choice, act) = Cases[name];
        var (cancelled, answered) = (0, 0);
        for (var at = 0; at <= LastMs; at++)
        {
            await using var stage = await StageUnderTest.StartAsync();
            stage.Server.Then(act);
            using var stop = new CancellationTokenSource();
            var call = stage.InferAsync(choice, stop: stop.Token);
            for (var now = 0; now < at && !call.IsCompleted; now++)
            {
                await TurnsAsync(8);
                stage.Time.Advance(Ms(1));
            }

            await TurnsAsync(8);
            await stop.CancelAsync();
            await stage.PassUntilAsync(() => call.IsCompleted);
            try
            {
                await call.AnswerAsync();
                answered++;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
                Assert.Empty(stage.Observed);
            }
            catch (Exception error) when (error is SplitInferException)
            {
                // Only a cut that is named has no device.
                answered++;
            }

            stage.Server.Act = new(Ms(10));
            var next = stage.InferAsync(Choice.OnDevice);
            await stage.PassUntilAsync(() => next.IsCompleted);
            await next.AnswerAsync(1);
            await stage.PassUntilAsync(() => stage.LeftRunning == 0);
            Assert.True(stage.IsAllReleased, $"After a cancellation at {at} ms something is still held.");
        }

        Assert.True(cancelled > 0 && answered > 0, $"{cancelled} were cancelled and {answered} were not; the sweep is to cover both.");
    }
}
