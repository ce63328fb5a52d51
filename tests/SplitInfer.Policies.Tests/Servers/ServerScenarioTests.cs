using System.Text;
using SplitInfer.Simulation;

namespace SplitInfer.Policies.Tests.Servers;

public class ServerScenarioTests
{
    private const string Arms = """ "arms":[{"partition":0,"headMs":0,"payloadBits":1000000,"tailMs":10},{"partition":1,"headMs":50,"payloadBits":100000,"tailMs":5},{"partition":2,"headMs":100}] """;

    [Fact]
    public void A_single_server_is_read_as_before()
    {
        var world = Read($$"""{"frames":3,"link":[{"mbps":10,"rttMs":5}],"serverSlowdown":[{"from":0,"factor":1},{"from":1,"factor":2}],{{Arms}}}""");
        Assert.False(world.NamesServers);
        Assert.Equal(3, world.Choices);
        Assert.Equal([0.115, 0.125, 0.1], [Round(world.MeanSeconds(0, 0)), Round(world.MeanSeconds(0, 1)), Round(world.MeanSeconds(2, 0))]);
        Assert.Equal([1], world.Changes.AsEnumerable());
    }

    [Fact]
    public void Servers_multiply_the_arms_and_the_oracle_knows_which_are_up()
    {
        var world = Read($$"""{"frames":4,"servers":[{"name":"near","link":[{"mbps":100,"rttMs":1}],"availability":[{"from":0,"up":true},{"from":2,"up":false}]},{"name":"far","link":[{"mbps":20,"rttMs":5}]}],{{Arms}}}""");
        Assert.Equal(5, world.Choices);
        Assert.Equal([0, 0, 1, 1, -1], Enumerable.Range(0, world.Choices).Select(world.ServerOf));
        Assert.Equal([0.021, 0.065], [Round(world.OracleSeconds(1)), Round(world.OracleSeconds(2))]);
        Assert.Equal([2], world.Changes.AsEnumerable());
    }

    [Theory]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"servers":[{"name":"a","link":[{"mbps":1}]}],ARMS}""", "link")]
    [InlineData("""{"frames":1,"servers":[],ARMS}""", "servers")]
    [InlineData("""{"frames":1,"servers":[{"link":[{"mbps":1}]}],ARMS}""", "servers[0].name")]
    [InlineData("""{"frames":1,"servers":[{"name":"device","link":[{"mbps":1}]}],ARMS}""", "servers")]
    [InlineData("""{"frames":1,"servers":[{"name":"a","link":[{"mbps":1}]},{"name":"a","link":[{"mbps":1}]}],ARMS}""", "servers")]
    [InlineData("""{"frames":1,"link":[{"fromMs":0,"mbps":1},{"from":2,"mbps":1}],ARMS}""", "link[1].from")]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"availability":[{"from":0}],ARMS}""", "availability[0].up")]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"minAccuracy":1.5,ARMS}""", "minAccuracy is not as expected: it must be a number from 0 to 1")]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"tableError":20,ARMS}""", "tableError")]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"arms":[{"partition":0,"headMs":0,"payloadBits":1,"tailMs":1,"accuracy":2},{"partition":1,"headMs":1}]}""", "arms[0].accuracy")]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"minAccuracy":0.9,"arms":[{"partition":0,"headMs":0,"payloadBits":1,"tailMs":1,"accuracy":0.8},{"partition":1,"headMs":1,"accuracy":0.7}]}""", "minAccuracy")]
    [InlineData("""{"frames":1,"link":[{"mbps":1}],"arms":[{"partition":0,"headMs":0,"payloadBits":1,"tailMs":1},{"partition":0,"headMs":0,"payloadBits":2,"tailMs":1},{"partition":1,"headMs":1}]}""", "arms[1]")]
    public void What_makes_no_sense_is_refused_with_its_place(string json, string place) =>
        Assert.Contains(place, Assert.Throws<ScenarioException>(() => Read(json.Replace("ARMS", Arms, StringComparison.Ordinal))).Message, StringComparison.Ordinal);

    /// <summary>Text is looked at only when it is asked for, long after the file was found to be JSON.</summary>
    [Fact]
    public void Text_that_is_not_Unicode_is_refused()
    {
        var json = $$"""{"name":"\uD800","frames":1,"link":[{"mbps":1}],{{Arms}}}""";
        Assert.Contains("not JSON", Assert.Throws<ScenarioException>(() => Read(json)).Message, StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(json.Replace("\\uD800", "name", StringComparison.Ordinal));
        bytes[bytes.AsSpan().IndexOf("name\""u8) + 9] = 0xF3;
        Assert.Throws<ScenarioException>(() => ScenarioReader.Read(bytes));
    }

    [Fact]
    public void A_link_by_the_clock_changes_while_a_payload_is_on_its_way()
    {
        // 1 Mbit: 200 ms at 1 Mbit/s carry a fifth, the rest takes 80 ms at 10 Mbit/s.
        var world = Read($$"""{"frames":2,"noise":0,"link":[{"fromMs":0,"mbps":1},{"fromMs":200,"mbps":10}],{{Arms}}}""");
        Assert.Equal(0.290, world.MeanSeconds(0, frame: 0), precision: 9);
        Assert.Equal(0.110, world.MeanSeconds(0, frame: 0, clock: 0.25), precision: 9);
        var frames = Play(world, new() { Arm = new(0, 0, 0, 0, 0, 0) });
        Assert.Equal([290.0, 110.0], frames.Select(static f => Math.Round(f.DelayMs, 6)));
    }

    [Fact]
    public void A_request_to_a_server_that_is_away_fails_and_the_next_one_knows()
    {
        var world = Read($$"""{"frames":3,"noise":0,"servers":[{"name":"a","link":[{"mbps":100,"rttMs":1}],"availability":[{"from":0,"up":true},{"from":1,"up":false},{"from":2,"up":true}],"failureMs":30}],{{Arms}}}""");
        var policy = new Scripted(new() { Arm = new(1, 0, 1, 0, 0, 0) });
        var frames = new Simulator(world, seed: 0).Play(policy).ToArray();

        // Head, failure, and what the device then still has to do.
        Assert.Equal(50 + 30 + (RaceModel.Overhead * 50), frames[1].DelayMs, precision: 6);
        Assert.Equal([ServerOutcome.Replied, ServerOutcome.Failed, ServerOutcome.Replied], policy.Outcomes.Select(static o => o.Server));
        Assert.True(policy.Outcomes[1].DeviceSeconds > 0);
        Assert.Equal([0UL, 0, 0], policy.Unavailable);
    }

    [Fact]
    public void A_server_that_stays_away_is_reported_from_the_next_frame_on()
    {
        var world = Read($$"""{"frames":4,"noise":0,"probes":true,"servers":[{"name":"a","link":[{"mbps":100}]},{"name":"b","link":[{"mbps":100}],"availability":[{"from":0,"up":true},{"from":1,"up":false},{"from":3,"up":true}]}],{{Arms}}}""");
        var policy = new Scripted(new() { Arm = new(4, 0, 2, 0, 0, Arm.OnDevice) });
        Assert.All(new Simulator(world, seed: 0).Play(policy), static frame => Assert.Equal(-1, frame.Server));
        Assert.Equal([0UL, 0, 2, 0], policy.Unavailable);
    }

    [Fact]
    public void A_reply_that_ends_before_the_device_wins_although_it_is_late()
    {
        var world = Read($$"""{"frames":1,"noise":0,"lateRaces":true,"link":[{"mbps":10,"rttMs":5}],{{Arms}}}""");
        var policy = new Scripted(new() { Arm = new(0, 0, 0, 0, 0, 0), LateAfterSeconds = 0.02 });
        Assert.Equal(115, new Simulator(world, seed: 0).Play(policy).Single().DelayMs, precision: 6);
        Assert.Equal([ServerOutcome.Replied], policy.Outcomes.Select(static o => o.Server));
    }

    [Fact]
    public void The_device_takes_over_a_reply_that_is_later_than_the_decision_says()
    {
        var world = Read($$"""{"frames":30,"noise":0,"lateRaces":true,"link":[{"mbps":5,"rttMs":5},{"from":1,"mbps":100}],{{Arms}}}""");
        var policy = new Scripted(new() { Arm = new(0, 0, 0, 0, 0, 0), LateAfterSeconds = 0.02 });
        var frames = new Simulator(world, seed: 0).Play(policy).ToArray();
        Assert.Equal(20 + (RaceModel.Overhead * 100), frames[0].DelayMs, precision: 6);
        var late = Assert.Single(policy.Outcomes, static o => o.Kind == OutcomeKind.LateReply);
        Assert.Equal((ServerOutcome.Replied, 0.215, 0.0), (late.Server, Math.Round(late.OffloadSeconds, 9), late.HeadSeconds));
        var first = policy.Outcomes[0];
        Assert.Equal((ServerOutcome.Overdue, 0.122, 0.102), (first.Server, Math.Round(first.OffloadSeconds, 9), Math.Round(first.DeviceSeconds, 9)));
    }

    private static double Round(double seconds) => Math.Round(seconds, 9);

    private static Scenario Read(string json) => ScenarioReader.Read(Encoding.UTF8.GetBytes(json));

    private static SimulatedFrame[] Play(Scenario world, Decision decision) => [.. new Simulator(world, seed: 0).Play(new Scripted(decision))];

    private sealed class Scripted(Decision decision) : IPartitionPolicy
    {
        public string Name => "Scripted";

        public List<Outcome> Outcomes { get; } = [];

        public List<ulong> Unavailable { get; } = [];

        public Decision Decide(in DecisionContext context)
        {
            Unavailable.Add(context.UnavailableServers);
            return decision;
        }

        public void Observe(in Outcome outcome) => Outcomes.Add(outcome);
    }
}
