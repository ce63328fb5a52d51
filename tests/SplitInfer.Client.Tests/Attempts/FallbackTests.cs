using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>The server fails a request that nobody races, or fails it before it is late: the device finishes the job.</summary>
public class FallbackTests
{
    private static readonly Choice InTime = Choice.Late(Ms(50));

    /// <summary>What counts against the server, by how the request is sent.</summary>
    public static TheoryData<string, string> Failures
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var fault in (Fault[])[Fault.ServerFailed, Fault.Busy, Fault.ConnectionLost, Fault.ProtocolBroken])
                foreach (var choice in (string[])[nameof(Choice.Plain), nameof(InTime)]) all.Add(fault.ToString(), choice);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task The_device_finishes_the_job_and_the_server_is_down(string fault, string choice)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Enum.Parse<Fault>(fault));
        var call = await stage.SetOutAsync(Of(choice));
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Device, false, fault), (answer.Source, answer.IsRaced, answer.ServerFault.ToString()));
        Assert.Equal([new(0, false, 0.01, 0, 0.02, 0, ThreeStages.Size * 4, true, 0.02)], stage.Observed);
        Assert.Equal(fault, StageUnderTest.FaultOf(stage.ServerFailure!).ToString());
        Assert.True(stage.IsServerAvoided && stage.IsAllReleased);
        Assert.Empty(stage.Masked);
    }

    [Theory]
    [InlineData(nameof(Choice.Plain))]
    [InlineData(nameof(InTime))]
    public async Task A_failure_at_once_is_finished_by_the_whole_model_where_the_tail_is_not_loaded(string choice)
    {
        await using var stage = await StageUnderTest.StartAsync(loaded: [Segment.Head, Segment.Whole]);
        stage.Server.Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Of(choice));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(30));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        // A wait of no length still says that no reply came.
        Assert.Equal([new(0, false, 0.01, 0, 0, 0, ThreeStages.Size * 4, true, 0.03)], stage.Observed);
        await UntilAsync(() => stage.IsLoaded(Segment.Tail));
    }

    [Fact]
    public async Task A_tail_that_the_device_cannot_load_is_made_up_for_by_the_whole_model_every_time()
    {
        await using var stage = await StageUnderTest.StartAsync(loaded: [Segment.Head, Segment.Whole], device: time => new(time) { Refuses = Segment.Tail });
        stage.Server.Act = new(TimeSpan.Zero, Fault.ConnectionLost);
        for (var request = 0; request < 3; request++)
        {
            var call = await stage.SetOutAsync(Choice.Plain);
            await UntilAsync(() => stage.Device.Running == 1);
            stage.Time.Advance(Ms(30));
            Assert.Equal(Source.Device, (await call.AnswerAsync(request)).Source);
            // The server is tried again.
            stage.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Empty(stage.Masked);
    }

    [Theory]
    [InlineData(nameof(Choice.Plain))]
    [InlineData(nameof(InTime))]
    public async Task A_device_that_fails_as_well_is_what_the_caller_is_told_of(string choice)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        stage.Device[Segment.Tail] = new(Ms(10), Fails: true);
        var call = await stage.SetOutAsync(Of(choice));
        await stage.PassUntilAsync(() => call.IsCompleted);
        Assert.Equal(Fault.DeviceFailed, StageUnderTest.FaultOf(await Assert.ThrowsAnyAsync<SplitInferException>(() => call)));
        Assert.True(Assert.Single(stage.Observed) is { IsCensored: true, Device: 0 });
        Assert.NotNull(stage.ServerFailure);
        Assert.True(stage.IsAllReleased);
    }

    [Fact]
    public async Task A_cut_without_a_head_falls_back_to_the_whole_model()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Fault.Busy);
        var call = await stage.SetOutAsync(new(Cut.AllOnServer));
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Started(Segment.Whole) == 1);
        stage.Time.Advance(Ms(30));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        Assert.Equal([new(0, false, 0, 0, 0.02, 0, ThreeStages.Size * 4, true, 0.03)], stage.Observed);
    }

    [Fact]
    public async Task A_cut_that_the_caller_named_is_not_finished_by_the_device()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Choice.Named);
        stage.Time.Advance(Ms(20));
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(await Assert.ThrowsAnyAsync<SplitInferException>(() => call)));
        Assert.Equal(0, stage.Device.Started(Segment.Tail) + stage.Device.Started(Segment.Whole));
        Assert.Empty(stage.Observed);
        Assert.True(stage.IsAllReleased);
    }

    [Fact]
    public async Task A_cut_that_the_caller_named_is_not_told_to_the_policy()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20));
        var call = await stage.SetOutAsync(Choice.Named);
        stage.Time.Advance(Ms(20));
        Assert.Equal(Source.Split, (await call.AnswerAsync()).Source);
        Assert.Empty(stage.Observed);
    }

    [Fact]
    public async Task A_cut_that_the_caller_named_tells_of_the_servers_health()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Fault.ConnectionLost);
        var call = await stage.SetOutAsync(Choice.Named);
        stage.Time.Advance(Ms(20));
        await Assert.ThrowsAnyAsync<SplitInferException>(() => call);
        Assert.NotNull(stage.ServerFailure);
        Assert.Equal(Fault.ConnectionLost, StageUnderTest.FaultOf(stage.ServerFailure));
    }

    [Theory]
    [InlineData(nameof(Choice.Plain), Fault.CancelledByTransport)]
    [InlineData(nameof(InTime), Fault.CancelledByTransport)]
    internal async Task A_request_that_the_transport_ends_of_its_own_accord_is_finished_by_the_device(string choice, Fault fault)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), fault);
        var call = await stage.SetOutAsync(Of(choice));
        await stage.PassUntilAsync(() => call.IsCompleted);
        var answer = await call.AnswerAsync();
        Assert.Equal(Source.Device, answer.Source);
        Assert.IsNotType<OperationCanceledException>(answer.ServerFailure, exactMatch: false);
        Assert.True(Assert.Single(stage.Observed).IsCensored);
    }

    private static Choice Of(string name) => name == nameof(InTime) ? InTime : Choice.Plain;
}
