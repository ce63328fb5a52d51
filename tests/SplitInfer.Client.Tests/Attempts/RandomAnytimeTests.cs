using FsCheck;
using FsCheck.Fluent;
using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>What holds of requests with exits and a deadline, whatever device and server do: nothing is late or worse than it need be, and nothing is left behind.</summary>
public class RandomAnytimeTests
{
    private static readonly TimeSpan Deadline = Ms(100);

    private static readonly Fault[] Faults = [Fault.None, Fault.None, Fault.None, Fault.ServerFailed, Fault.Busy, Fault.ConnectionLost, Fault.ProtocolBroken];

    [Fact]
    public void Requests_that_reach_an_exit_end_in_time_with_the_best_answer_there_was() => Try(300, PlayAsync);

    [Fact]
    public void Answers_on_the_way_get_surer_up_to_the_last_and_leave_nothing_behind_when_the_reader_leaves() => Try(150, PlayProgressiveAsync);

    private static void Try(int tests, Func<Random, Task> play) => Check.One(
        Config.QuickThrowOnFailure.WithReplay(17, 1).WithMaxTest(tests),
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            Task.Run(() => play(new(seed))).GetAwaiter().GetResult();
            return true;
        }));

    private static async Task PlayAsync(Random random)
    {
        var (exits, head) = (Exits(random), Ms(random.Next(5, 60)));
        var stage = await StartAsync(random, exits, head, maxExtraWork: random.Next(3) / 2.0);
        var choice = random.Next(3) switch { 0 => Choice.Plain, 1 => Choice.ExitingOnDevice, _ => Choice.Exiting };
        var (server, replies) = (stage.Server.Act, stage.Server.Act.Fault == Fault.None ? head + stage.Server.Act.After!.Value : TimeSpan.MaxValue);
        var call = stage.InferAsync(choice, Deadline);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 400);
        var answer = await call;

        // Timers and threads may add what the client allows for.
        Assert.InRange(stage.Time.Now, TimeSpan.Zero, Deadline + Ms(5));
        AssertRight(answer, exits);
        var isSure = choice != Choice.Plain && exits[0].Confidence >= exits[0].Threshold;
        if (isSure) Assert.Equal(1, answer.Exit);
        // What an exit was not sure of is given only where neither side had more, and never for what was surer.
        if (answer.Exit > 0 && !isSure && exits[answer.Exit - 1] is var given && given.Confidence < given.Threshold)
        {
            Assert.InRange(stage.Time.Now, choice.IsOnDevice ? TimeSpan.Zero : Ms(1), Deadline);
            Assert.True(given.Confidence >= exits[0].Confidence, "The first exit had been surer.");
            if (!choice.IsOnDevice) Assert.True(replies > Deadline - Ms(10), $"The server had replied after {replies.TotalMilliseconds} ms: {server}.");
        }

        await EndAsync(stage);
    }

    private static async Task PlayProgressiveAsync(Random random)
    {
        var exits = Exits(random);
        var stage = await StartAsync(random, exits, Ms(10), maxExtraWork: 0.15);
        var answers = new List<Answer>();
        var most = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 3);
        var (hasDeadline, choice) = (random.Next(2) == 0, random.Next(2) == 0 ? Choice.Plain : Choice.ExitingOnDevice);
        var call = stage.InferProgressiveAsync(choice, answers.Add, _ => answers.Count >= most, hasDeadline ? Deadline : null);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 400);
        await call;

        Assert.InRange(answers.Count, 1, exits.Length + 1);
        foreach (var answer in answers) AssertRight(answer, exits);
        foreach (var (before, after) in answers.Zip(answers.Skip(1))) Assert.True(before.Exit > 0 && (after.Exit == 0 || after.Confidence > before.Confidence), "A worse answer follows a better one.");
        if (!hasDeadline && answers.Count < most) Assert.Equal(0, answers[^1].Exit);
        if (hasDeadline && most == int.MaxValue) Assert.InRange(stage.Time.Now, TimeSpan.Zero, Deadline + Ms(5));
        await EndAsync(stage);
    }

    private static void AssertRight(Answer answer, ScriptedExit[] exits)
    {
        if (answer.Exit == 0) Assert.Equal(ThreeStages.Output(0), answer.Outputs);
        else Assert.Equal(ScriptedExits.Output(answer.Exit, exits[answer.Exit - 1].Confidence), answer.Outputs);
    }

    private static async Task<StageUnderTest> StartAsync(Random random, ScriptedExit[] exits, TimeSpan head, double maxExtraWork)
    {
        Segment[]? loaded = random.Next(4) == 0 ? [Segment.Head, Segment.Tail, Segment.Whole] : null;
        var stage = await StageUnderTest.StartAsync(exits: exits, loaded: loaded, maxExtraWork: maxExtraWork);
        stage.Device[Segment.Head] = new(head);
        foreach (var segment in (Segment[])[Segment.Middle, Segment.Tail]) stage.Device[segment] = new(Ms(random.Next(5, 200)), StopsIn: Ms(random.Next(4)));
        stage.Device[Segment.Whole] = new(head + stage.Device[Segment.Tail].Takes);
        if (random.Next(3) > 0) stage.KnowTheDevice();
        var fault = Faults[random.Next(Faults.Length)];
        stage.Server.Act = new(Ms(random.Next(1, 200)), fault, Ms(random.Next(4)));
        return stage;
    }

    private static ScriptedExit[] Exits(Random random) => [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => new ScriptedExit(0.3 + (0.65 * random.NextDouble())))];

    private static async Task EndAsync(StageUnderTest stage)
    {
        await stage.PassUntilAsync(() => stage.LeftRunning == 0);
        var disposal = stage.DisposeAsync().AsTask();
        await stage.PassUntilAsync(() => disposal.IsCompleted);
        await disposal;
        Assert.True(stage is { Server.Running: 0, Device.Running: 0 }, "Something still runs.");
        Assert.True(stage.IsAllReleased, "Something is still held.");
    }
}
