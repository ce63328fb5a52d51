using static SplitInfer.Client.Tests.Attempts.StageSteps;

namespace SplitInfer.Client.Tests.Attempts;

/// <summary>Refusals that say nothing against the server: of a partition whose tail it does not run, and of a deadline.</summary>
public class RefusalTests
{
    [Theory]
    [InlineData(nameof(Fault.PartitionUnavailable), false)]
    [InlineData(nameof(Fault.PartitionUnavailable), true)]
    [InlineData(nameof(Fault.InvalidPartition), false)]
    [InlineData(nameof(Fault.InvalidPartition), true)]
    public async Task A_tail_that_the_server_does_not_run_is_left_out_and_the_server_stays_in_use(string fault, bool canBeLate)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Enum.Parse<Fault>(fault));
        var call = await stage.SetOutAsync(canBeLate ? Choice.Late(Ms(50)) : Choice.Plain);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Device, fault), (answer.Source, answer.ServerFault.ToString()));
        AssertOnlyMasked(stage);
        Assert.True(Assert.Single(stage.Observed) is { IsCensored: true, Device: 0.02 });
    }

    [Theory]
    [InlineData(nameof(Fault.PartitionUnavailable), true)]
    [InlineData(nameof(Fault.PartitionUnavailable), false)]
    [InlineData(nameof(Fault.InvalidPartition), true)]
    [InlineData(nameof(Fault.InvalidPartition), false)]
    public async Task The_same_in_a_race_before_the_device_is_done(string fault, bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(fromStart ? 5 : 55), Enum.Parse<Fault>(fault));
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)));
        stage.Time.Advance(Ms(5));
        await UntilAsync(() => stage.Masked.Count == 1);
        stage.Time.Advance(Ms(5));
        Assert.Equal(fault, (await call.AnswerAsync()).ServerFault.ToString());
        AssertOnlyMasked(stage);
    }

    [Theory]
    [InlineData(nameof(Fault.PartitionUnavailable), true)]
    [InlineData(nameof(Fault.PartitionUnavailable), false)]
    [InlineData(nameof(Fault.InvalidPartition), true)]
    [InlineData(nameof(Fault.InvalidPartition), false)]
    public async Task The_same_when_the_device_has_won_the_race(string fault, bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(fromStart ? 20 : 70), Enum.Parse<Fault>(fault));
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)));
        stage.Time.Advance(Ms(10));
        Assert.Equal(Fault.None, (await call.AnswerAsync()).ServerFault);
        Assert.Empty(stage.Masked);

        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Observed.Count == 2);
        AssertOnlyMasked(stage);
        Assert.True(stage.Observed[1] is { IsLate: true, IsCensored: true });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Any_other_failure_after_the_device_has_won_counts_against_the_server(bool fromStart)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(fromStart ? 20 : 70), Fault.ServerFailed);
        var call = await stage.RaceAsync(fromStart ? Choice.Raced : Choice.Late(Ms(50)));
        stage.Time.Advance(Ms(10));
        Assert.Equal(Fault.None, (await call.AnswerAsync()).ServerFault);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.Empty(stage.Masked);
        Assert.Equal(Fault.ServerFailed, StageUnderTest.FaultOf(stage.ServerFailure!));
        Assert.True(stage.Observed[1] is { IsLate: true, IsCensored: true, Server: 0 });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deadline_that_the_server_says_it_cannot_keep_is_kept_by_the_device(bool hasDeadline)
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Fault.DeadlineExceeded);
        var call = await stage.SetOutAsync(Choice.Plain, deadline: hasDeadline ? Ms(200) : null);
        stage.Time.Advance(Ms(20));
        await UntilAsync(() => stage.Device.Running == 1);
        stage.Time.Advance(Ms(10));

        var answer = await call.AnswerAsync();
        Assert.Equal((Source.Device, Fault.DeadlineExceeded), (answer.Source, answer.ServerFault));
        Assert.True(Assert.Single(stage.Observed) is { IsCensored: true, Offload: 0.02 });
        Assert.Null(stage.ServerFailure);
        Assert.Empty(stage.Masked);
        Assert.True(stage.IsAllReleased);
    }

    [Fact]
    public async Task A_deadline_that_passes_after_the_device_has_won_says_nothing_against_the_server()
    {
        await using var stage = await StageUnderTest.StartAsync();
        stage.Server.Act = new(Ms(20), Fault.DeadlineExceeded);
        var call = await stage.RaceAsync(Choice.Raced);
        stage.Time.Advance(Ms(10));
        Assert.Equal(Source.Device, (await call.AnswerAsync()).Source);
        stage.Time.Advance(Ms(10));
        await UntilAsync(() => stage.Observed.Count == 2);
        Assert.True(stage.Observed[1] is { IsLate: true, IsCensored: true });
        Assert.Null(stage.ServerFailure);
        Assert.Empty(stage.Masked);
    }

    private static void AssertOnlyMasked(StageUnderTest stage)
    {
        Assert.Equal([(int)Cut.Split], stage.Masked);
        Assert.Null(stage.ServerFailure);
        Assert.False(stage.IsServerAvoided);
    }
}
