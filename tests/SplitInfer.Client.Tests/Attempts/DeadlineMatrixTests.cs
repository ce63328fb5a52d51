using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>
/// A deadline of 100 ms, with heads that take 0, 50 and 95 ms of it, servers that are healthy, slow and stopped, and the device
/// allowed to finish or not. The tail takes 4 ms on the device. Every request ends by its deadline: with the right result where
/// device or server can give one by then, else with an error that is a timeout.
/// </summary>
public class DeadlineMatrixTests
{
    private static readonly TimeSpan Deadline = Ms(100);

    // Milliseconds of the head; when the server replies; whether the device may finish; who answers.
    public static TheoryData<int, int?, bool, string> Matrix => new()
    {
        { 0, 3, true, nameof(Source.Split) }, { 0, 3, false, nameof(Source.Split) },
        { 50, 3, true, nameof(Source.Split) }, { 50, 3, false, nameof(Source.Split) },
        { 95, 3, false, nameof(Source.Split) }, { 95, 3, true, nameof(Source.Split) },
        { 0, 500, true, nameof(Source.Device) }, { 0, 500, false, "" },
        { 50, 500, true, nameof(Source.Device) }, { 50, 500, false, "" },
        { 95, 500, true, nameof(Source.Device) }, { 95, 500, false, "" },
        { 0, null, true, nameof(Source.Device) }, { 0, null, false, "" },
        { 50, null, true, nameof(Source.Device) }, { 50, null, false, "" },
        { 95, null, true, nameof(Source.Device) }, { 95, null, false, "" },
    };

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task A_request_ends_by_its_deadline_with_the_best_that_can_be_had(int headMs, int? replyMs, bool mayFinish, string source)
    {
        await using var stage = await StageUnderTest.StartAsync(onServerFailure: mayFinish ? OnServerFailure.FinishOnDevice : OnServerFailure.Throw);
        stage.Device[Segment.Head] = new(Ms(headMs));
        stage.Device[Segment.Tail] = new(Ms(4));
        stage.Device[Segment.Whole] = new(Ms(headMs + 4));
        await KnowTailAsync(stage, mayFinish);
        stage.Server.Act = new(replyMs is { } reply ? Ms(reply) : null);
        var (request, observed) = (stage.Requests, stage.Observed.Count);
        var began = stage.Time.Now;
        var call = stage.InferAsync(Choice.Plain, Deadline);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 100);

        Assert.InRange(stage.Time.Now - began, TimeSpan.Zero, Deadline);
        if (source.Length == 0)
        {
            var timeout = await Assert.ThrowsAnyAsync<TimeoutException>(() => call);
            Assert.Contains("100 ms", timeout.Message, StringComparison.Ordinal);
            Assert.Contains("waiting for the server", timeout.Message, StringComparison.Ordinal);
            Assert.Null(stage.ServerFailure);
        }
        else
        {
            Assert.Equal(source, (await call.AnswerAsync(request)).Source.ToString());
        }

        Assert.True(stage.Observed.Count(told => !told.IsLate) == observed + 1);
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
    }

    // Once the device has run a tail, it is known how long one takes.
    private static async Task KnowTailAsync(StageUnderTest stage, bool mayFinish)
    {
        if (!mayFinish) return;
        stage.Server.Act = new(TimeSpan.Zero, Fault.Busy);
        var call = stage.InferAsync(Choice.Plain);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 100);
        await call;
        // The server is asked again once its backoff is over.
        stage.Time.Advance(TimeSpan.FromMinutes(1));
    }
}
