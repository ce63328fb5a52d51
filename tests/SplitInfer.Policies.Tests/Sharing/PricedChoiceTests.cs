using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Learning;
using SplitInfer.Policies.Sharing;
using SplitInfer.Policies.Tests.Simulation;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Sharing;

/// <summary>What prices change in the default policy, and what they do not.</summary>
public class PricedChoiceTests
{
    [Theory]
    [InlineData("random/Mixed/41")]
    [InlineData("random/ServerSlowdown/42")]
    [InlineData("servers/Several/3/43")]
    public void Without_a_price_whatever_else_replies_say_of_load_changes_no_decision(string name)
    {
        var world = RandomWorld.Find(name) ?? RandomServers.Find(name)!;
        var told = new Told(Create(world), price: 0);
        Assert.Equal(new Simulator(world, 1).Play(Create(world)), new Simulator(world, 1).Play(told));
        Assert.True(told.Replies > 0);
    }

    [Fact]
    public void A_dear_server_is_left_alone_and_what_is_predicted_is_the_truth()
    {
        var world = Enumerable.Range(1, 60).Select(static seed => RandomWorld.Find($"random/Steady/{seed}")!).First(static world => UsesServer(new Simulator(world, 1).Play(Create(world))));
        var told = new Told(Create(world), price: Highest);
        SimulatedFrame[] frames = [.. new Simulator(world, 1).Play(told)];
        var half = frames.Length / 2;
        Assert.True(frames.Skip(half).Count(static frame => frame.Server < 0 || frame.IsForced) > 0.9 * (frames.Length - half));

        // Nobody takes longer for the sake of others than alone.
        var alone = frames.Skip(half).Average(frame => world.MeanSeconds(world.Choices - 1, frame.Frame)) * 1e3;
        Assert.InRange(frames.Skip(half).Average(static frame => frame.MeanMs), 0, 1.01 * alone);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(1e9)]
    public void What_is_no_price_is_not_learned_from(double price)
    {
        var world = RandomWorld.Find("random/Steady/7")!;
        var policy = Create(world);
        var decision = policy.Decide(default);
        policy.Observe(new() { Decision = decision, Server = ServerOutcome.Replied, HeadSeconds = 0.01, OffloadSeconds = 0.02, ServerSeconds = 0.01, BytesSent = 100, ServerPrice = price });
        Assert.Null(policy.Estimate(0));
    }

    [Fact]
    public void A_refusal_tells_a_price_and_nothing_else_of_the_server()
    {
        var world = RandomWorld.Find("random/Steady/7")!;
        var setup = Simulator.SetupOf(world, seed: 1);
        var (told, other) = (Refused(price: 4), Refused(price: 0));
        Assert.Equal((true, 4, false), (told.IsPriced, told.Servers[0].Congestion.Price, other.IsPriced));
        Assert.Equal((other.Tail(0), other.Servers[0].Link.Delay), (told.Tail(0), told.Servers[0].Link.Delay));

        CostModel Refused(double price)
        {
            var costs = new CostModel(setup, new(setup, withExits: true));
            costs.Observe(new() { Decision = new() { Arm = setup.Arms[0].Arm, Sequence = 1 }, Server = ServerOutcome.Refused, OffloadSeconds = 0.001, ServerPrice = price, ServerPlaces = 2 });
            return costs;
        }
    }

    /// <summary>By a deadline that servers make and the device does not, accuracy is what counts; of equals the one that costs others least.</summary>
    [Fact]
    public void Of_equally_accurate_servers_the_dearer_one_is_left_alone_by_a_deadline()
    {
        var world = Enumerable.Range(1, 100).Select(static seed => RandomServers.Create(ServersKind.Steady, servers: 2, seed)).First(static world => world.Arms[^1].HeadMs > 400);
        var policy = PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 1));
        var context = new DecisionContext { Objective = Objective.MostAccurateBy, RemainingSeconds = 0.2 };
        var arms = Simulator.SetupOf(world, seed: 1).Arms;
        var used = new int[3];
        for (var sequence = 1; sequence <= 400; sequence++)
        {
            for (var server = 0; server < 2; server++)
            {
                // The first is a little faster, and has a price.
                var arm = arms.First(known => known.Arm.Server == server).Arm;
                policy.Observe(new() { Decision = new() { Arm = arm, Sequence = sequence }, Server = ServerOutcome.Replied, HeadSeconds = 0, OffloadSeconds = 0.020 + (0.001 * server), ServerSeconds = 0.010, BytesSent = 1000, ServerPrice = server == 0 ? 300 : 0, ServerPlaces = 1 });
            }

            var decision = policy.Decide(context);
            if (sequence > 200 && !decision.IsForced) used[decision.Arm.Server + 1]++;
        }

        Assert.Equal(0, used[1]);
        Assert.True(used[2] > 100, $"The other server was used for {used[2]} of 200 requests.");
    }

    [Theory]
    [InlineData(1e-6, 1)]
    [InlineData(0, 1)]
    [InlineData(0, 1000)]
    public void A_server_that_names_a_low_price_and_calls_all_its_time_a_wait_makes_no_client_slower_than_alone(double price, double first)
    {
        foreach (var seed in Enumerable.Range(1, 40))
        {
            var world = RandomWorld.Find($"random/Steady/{seed}")!;
            SimulatedFrame[] frames = [.. new Simulator(world, 1).Play(new Liar(Create(world), price, first))];
            var half = frames.Length / 2;
            var alone = frames.Skip(half).Average(frame => world.MeanSeconds(world.Choices - 1, frame.Frame)) * 1e3;
            Assert.True(frames.Skip(half).Average(static frame => frame.MeanMs) < 1.05 * alone, $"world {seed}");
        }
    }

    [Fact]
    public void A_server_that_names_other_places_in_each_reply_makes_no_client_slower_than_alone()
    {
        foreach (var seed in Enumerable.Range(1, 60))
        {
            var world = RandomWorld.Find($"random/Steady/{seed}")!;
            SimulatedFrame[] frames = [.. new Simulator(world, 1).Play(new Liar(Create(world), price: 0, first: 1000, mostPlaces: 64))];
            var half = frames.Length / 2;
            var alone = frames.Skip(half).Average(frame => world.MeanSeconds(world.Choices - 1, frame.Frame)) * 1e3;
            Assert.True(frames.Skip(half).Average(static frame => frame.MeanMs) < 1.05 * alone, $"world {seed}");
        }
    }

    [Fact]
    public void A_server_that_has_other_places_than_before_is_believed_once_it_says_so_again_and_again()
    {
        var (congestion, now) = (new ServerCongestion(), 0.0);
        Hear(20, places: 1);
        var of1 = congestion.Expect(0.01, 1);
        Hear(9, places: 8);
        Assert.Equal(of1.Toll, congestion.Expect(0.01, 1).Toll, 1e-9);
        Hear(200, places: 8);
        var of8 = congestion.Expect(0.01, 1);
        Assert.True(of8.Toll != of1.Toll);
        Assert.Equal(of1.Wait, of8.Wait, 0.1 * of1.Wait);

        void Hear(int replies, int places)
        {
            for (var i = 0; i < replies; i++) congestion.Observe(price: 2, places, waitedSeconds: 0.005, runSeconds: 0.01, now += 1);
        }
    }

    private static bool UsesServer(IEnumerable<SimulatedFrame> frames)
    {
        SimulatedFrame[] all = [.. frames];
        return all.Skip(all.Length / 2).Count(static frame => frame is { Server: >= 0, IsForced: false }) > 0.9 * (all.Length / 2);
    }

    private const double Highest = ServerLoadPrice.MaxPrice;

    private static IPartitionPolicy Create(Scenario world) => PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 1));

    /// <summary>Replies say that half of the server's time was spent in a queue, how many places there are, and a price.</summary>
    private sealed class Told(IPartitionPolicy policy, double price) : PolicyWrapper(policy)
    {
        public int Replies { get; private set; }

        public override void Observe(in Outcome outcome)
        {
            if (outcome.Server == ServerOutcome.Replied) Replies++;
            base.Observe(outcome.Server == ServerOutcome.Replied ? outcome with { QueueSeconds = outcome.ServerSeconds / 2, ServerPlaces = 3, ServerPrice = price } : outcome);
        }
    }

    /// <summary>Replies name one price at first and another one from then on, other places each time, and say that the server's whole time was spent in its queue.</summary>
    private sealed class Liar(IPartitionPolicy policy, double price, double first, int mostPlaces = 1) : PolicyWrapper(policy)
    {
        private int _replies;

        public override void Observe(in Outcome outcome)
        {
            base.Observe(outcome.Server == ServerOutcome.Replied ? outcome with { QueueSeconds = outcome.ServerSeconds, ServerPlaces = 1 + (_replies % mostPlaces), ServerPrice = _replies > 0 ? price : first } : outcome);
            if (outcome.Server == ServerOutcome.Replied) _replies++;
        }
    }
}
