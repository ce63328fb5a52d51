using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using SplitInfer.Policies.Catalog;
using SplitInfer.Policies.Learning;
using SplitInfer.Simulation;
using SplitInfer.Simulation.RandomWorlds;

namespace SplitInfer.Policies.Tests.Servers;

/// <summary>What a tail takes does not depend on the codec of its boundary, but for decoding.</summary>
public class CodecRowTests
{
    private const double Slow = 0.004;

    private static readonly Scenario World = RandomServers.Create(ServersKind.Steady, servers: 2, seed: 5);

    [Fact]
    public void Codecs_share_the_rows_of_tails_and_not_those_of_payloads()
    {
        var (one, two) = (new ArmTable(Simulator.SetupOf(World, seed: 0)).Rows, new ArmTable(TwoCodecs()).Rows);
        Assert.Equal((one.Heads, (2 * one.Payloads) - 1), (two.Heads, two.Payloads));
        Assert.Equal(one.Tail.SkipLast(1).SelectMany(static row => (int[])[row, row]), two.Tail.SkipLast(1));
    }

    [Fact]
    public void A_reply_in_one_codec_teaches_the_tail_in_another()
    {
        var setup = TwoCodecs();
        var costs = new CostModel(setup, new(setup));
        for (var i = 1; i <= 20; i++)
            costs.Observe(new() { Decision = new() { Arm = setup.Arms[1].Arm, Sequence = i }, Server = ServerOutcome.Replied, OffloadSeconds = 0.2, ServerSeconds = 0.1, BytesSent = 1000 });
        Assert.Equal(0.1, costs.Tail(1), precision: 3);
        Assert.Equal(Slow, costs.Tail(1) - costs.Tail(0), precision: 9);
    }

    [Fact]
    public void Decoding_that_is_described_as_longer_than_all_that_the_server_took_leaves_a_tail()
    {
        var setup = TwoCodecs();
        var costs = new CostModel(setup, new(setup));
        for (var i = 1; i <= 20; i++)
            costs.Observe(new() { Decision = new() { Arm = setup.Arms[1].Arm, Sequence = i }, Server = ServerOutcome.Replied, OffloadSeconds = 0.2, ServerSeconds = Slow / 2, BytesSent = 1000 });
        Assert.InRange(costs.Tail(0), Slow / 100, Slow);
    }

    [Fact]
    public void With_one_codec_its_decoding_changes_no_decision()
    {
        var property = Prop.ForAll(Gen.Choose(0, 10_000).ToArbitrary(), static seed =>
        {
            var world = RandomServers.Create((ServersKind)(seed % 7), servers: 1 + (seed % 3), seed);
            var setup = Simulator.SetupOf(world, seed);
            Assert.Equal(Play(world, setup, decodeSeconds: 0), Play(world, setup, decodeSeconds: 0.01));
        });
        Check.One(Config.QuickThrowOnFailure.WithReplay(5, 11).WithMaxTest(20), property);
    }

    private static List<SimulatedFrame> Play(Scenario world, PolicySetup setup, double decodeSeconds) =>
        [.. new Simulator(world, seed: 1).Play(PolicyCatalog.Create(PolicyNames.MuLinUcb, With(setup, [.. setup.Arms.Select(arm => arm with { DecodeSeconds = decodeSeconds })])))];

    // Each arm twice: with a codec that is fast to decode, and with one that is slow.
    private static PolicySetup TwoCodecs()
    {
        var setup = Simulator.SetupOf(World, seed: 0);
        var remote = setup.Arms.SkipLast(1).SelectMany(static arm => (ArmDescription[])[arm, arm with { Arm = arm.Arm with { Codec = 1 }, DecodeSeconds = Slow }]);
        return With(setup, [.. remote.Append(setup.Arms[^1]).Select(static (arm, index) => arm with { Arm = arm.Arm with { Index = index } })]);
    }

    private static PolicySetup With(PolicySetup setup, ImmutableArray<ArmDescription> arms) =>
        new() { Arms = arms, Heads = setup.Heads, Servers = setup.Servers, RacesLateReplies = setup.RacesLateReplies };
}
