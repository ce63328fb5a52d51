using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Exits of the device on the cut of a request: the head takes 10 ms, and so does what is behind it.</summary>
public class ExitTests
{
    private static readonly ScriptedExit Sure = new(0.95), Unsure = new(0.6);

    public static TheoryData<bool, int?, bool> Ends => new()
    {
        // Whether the device runs the rest; the milliseconds of the deadline; whether the exit is sure.
        { false, null, true }, { false, 1000, true }, { true, null, true }, { true, 1000, true },
        { false, null, false }, { false, 1000, false }, { true, null, false }, { true, 1000, false },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task An_exit_that_is_sure_ends_the_request_and_another_one_leaves_it_to_the_model(bool isOnDevice, int? deadline, bool isSure)
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [isSure ? Sure : Unsure]);
        stage.Server.Act = new(Ms(3));
        var answer = await PassAsync(stage, isOnDevice ? Choice.ExitingOnDevice : Choice.Exiting, deadline);

        if (isSure)
        {
            Assert.Equal((Source.Device, 1, Ms(10)), (answer.Source, answer.Exit, stage.Time.Now));
            Assert.Equal(0.95, answer.Confidence, 5);
            Assert.Equal(ScriptedExits.Output(1, 0.95), answer.Outputs);
            Assert.Equal((0, 0, 0L, null), (stage.Server.Received, stage.Device.Started(Segment.Tail), answer.BytesSent, answer.Server));
            Assert.Equal([new(0, false, 0.01, 0, 0, 0, 0, false, 0)], stage.Observed);
        }
        else
        {
            Assert.Equal((isOnDevice ? Source.Device : Source.Split, 0, 0.0), (answer.Source, answer.Exit, answer.Confidence));
            Assert.Equal(ThreeStages.Output(0), answer.Outputs);
            Assert.Equal((isOnDevice ? 0 : 1, isOnDevice ? 1 : 0), (stage.Server.Received, stage.Device.Started(Segment.Tail)));
        }

        Assert.Equal(isSure ? 1 : 0, Assert.Single(stage.Exits).Exit);
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
    }

    [Fact]
    public async Task An_arm_without_an_exit_asks_none()
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [Sure]);
        stage.Server.Act = new(Ms(3));
        var answer = await PassAsync(stage, Choice.Plain);
        Assert.Equal((Source.Split, 0), (answer.Source, answer.Exit));
    }

    [Theory]
    [InlineData(ScriptedExits.PromisedQuality, 1)]
    [InlineData(0.995, 0)]
    [InlineData(0.5, 1)]
    public async Task An_exit_answers_only_where_its_file_promises_what_is_asked_for(double minQuality, int exit)
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [Sure]);
        stage.Server.Act = new(Ms(3));
        Assert.Equal(exit, (await PassAsync(stage, Choice.Exiting with { MinQuality = minQuality })).Exit);
        // How often an exit answers is not learned where it must not.
        Assert.Equal([exit == 0], stage.Barred);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_all_answers_are_asked_for_the_policy_does_not_hear_that_a_sure_exit_did_not_answer(bool isOnDevice)
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [Sure]);
        stage.Server.Act = new(Ms(3));
        var answers = await AllAsync(stage, isOnDevice ? Choice.ExitingOnDevice : Choice.Exiting);
        Assert.Equal([1, 0], answers.Select(static answer => answer.Exit));
        Assert.Equal([true], stage.Barred);
    }

    [Fact]
    public async Task Time_by_way_of_exits_is_not_told_as_that_of_the_whole_model()
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [Unsure, new(0.8)]);
        Assert.Equal([1, 2, 0], (await AllAsync(stage, Choice.ExitingOnDevice)).Select(static answer => answer.Exit));
        Assert.Equal(0, Assert.Single(stage.Observed).Head);
    }

    /// <summary>The engine takes either head, but not what lies between the two cuts.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_way_that_cannot_be_loaded_costs_an_answer_on_the_way_at_most(int setting)
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [Unsure, new(0.8)], loaded: [Segment.Head, Segment.Tail, Segment.Whole], device: static time => new(time) { Refuses = Segment.Middle });
        var answers = await AllAsync(stage, Choice.ExitingOnDevice with { Exit = setting });
        Assert.Equal(setting == 1 ? [1, 0] : [1, 2, 0], answers.Select(static answer => answer.Exit));
        Assert.Empty(stage.Masked);
        await stage.PassUntilAsync(() => stage is { LeftRunning: 0, IsAllReleased: true });
    }

    /// <summary>Setting 2 of one exit has it always answer.</summary>
    [Theory]
    [InlineData(0.6, 1)]
    [InlineData(ScriptedExits.Agreement, 1)]
    [InlineData(0.8, 0)]
    public async Task An_exit_always_answers_only_where_it_agrees_as_often_as_is_asked_for(double minQuality, int exit)
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [new(0.5)]);
        var answer = await PassAsync(stage, Choice.ExitingOnDevice with { Exit = 2, MinQuality = minQuality });
        Assert.Equal((exit, Source.Device, 1 - exit), (answer.Exit, answer.Source, stage.Device.Started(Segment.Tail)));
        Assert.Equal(exit == 0 ? 0 : 2, Assert.Single(stage.Exits).Exit);
        Assert.Equal(exit == 0 ? ThreeStages.Output(0) : ScriptedExits.Output(1, 0.5), answer.Outputs);
    }

    [Fact]
    public async Task A_partition_that_the_request_names_has_no_exit()
    {
        await using var stage = await StageUnderTest.StartAsync(exits: [Sure]);
        stage.Server.Act = new(Ms(3));
        Assert.Equal((Source.Split, 0), await PassAsync(stage, Choice.Named) is var answer ? (answer.Source, answer.Exit) : default);
    }

    private static async Task<List<Answer>> AllAsync(StageUnderTest stage, Choice choice)
    {
        var answers = new List<Answer>();
        var call = stage.InferProgressiveAsync(choice, answers.Add);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 30);
        await call;
        return answers;
    }

    private static async Task<Answer> PassAsync(StageUnderTest stage, Choice choice, int? deadline = null)
    {
        var call = stage.InferAsync(choice, deadline is { } ms ? Ms(ms) : null);
        await stage.PassUntilAsync(() => call.IsCompleted, turns: 30);
        return await call;
    }
}
