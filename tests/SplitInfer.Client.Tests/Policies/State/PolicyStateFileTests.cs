using SplitInfer.Client.Policies;
using SplitInfer.Client.Policies.State;
using SplitInfer.Client.Simulation;
using SplitInfer.Client.Simulation.RandomWorlds;
using SplitInfer.Testing;

namespace SplitInfer.Client.Tests.Policies.State;

public class PolicyStateFileTests
{
    private static readonly Scenario World = RandomWorld.Create(WorldKind.LinkSteps, 3);
    private static readonly PolicyStateKey Key = KeyOf(World, "tcp://server", model: 1);

    [Fact]
    public void What_was_learned_comes_back_number_for_number()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var world = RandomWorld.Create(WorldKind.Mixed, seed);
            var (key, restored) = (KeyOf(world, "tcp://server", seed), Cold(world));
            PolicyStateFile.Decode(PolicyStateFile.Encode(key, Learned(world)), key, restored);
            // What is restored is trusted a little less, and what is sure is as before.
            var again = Cold(world);
            PolicyStateFile.Decode(PolicyStateFile.Encode(key, Learned(world)), key, again);
            Assert.Equal(PolicyStateFile.Encode(key, restored), PolicyStateFile.Encode(key, again));
            Assert.NotEqual(PolicyStateFile.Encode(key, Cold(world)), PolicyStateFile.Encode(key, restored));
            Assert.Equal(Numbers(Learned(world)).Take(world.Arms.Length), Numbers(restored).Take(world.Arms.Length));
        }
    }

    [Fact]
    public void A_file_that_is_damaged_anywhere_is_refused_and_nothing_of_it_is_taken_over()
    {
        var bytes = PolicyStateFile.Encode(Key, Learned(World));
        var policy = Cold(World);
        var before = PolicyStateFile.Encode(Key, policy);
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 0x10;
            Assert.Throws<PolicyStateException>(() => PolicyStateFile.Decode(damaged, Key, policy));
        }

        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<PolicyStateException>(() => PolicyStateFile.Decode(bytes.AsSpan(0, length), Key, policy));
        Assert.Equal(before, PolicyStateFile.Encode(Key, policy));
    }

    [Fact]
    public void A_file_of_something_else_is_refused_in_words()
    {
        var bytes = PolicyStateFile.Encode(Key, Learned(World));
        Assert.Contains("another model", Refusal(KeyOf(World, "tcp://server", model: 2)), StringComparison.Ordinal);
        Assert.Contains("another server", Refusal(KeyOf(World, "tcp://other", model: 1)), StringComparison.Ordinal);
        Assert.Contains("other partitions", Refusal(KeyOf(RandomWorld.Create(WorldKind.LinkSteps, 4), "tcp://server", model: 1)), StringComparison.Ordinal);

        string Refusal(PolicyStateKey key)
        {
            var message = Assert.Throws<PolicyStateException>(() => PolicyStateFile.Decode(bytes, key, Cold(World))).Message;
            Assert.Contains("start afresh", message, StringComparison.Ordinal);
            return message;
        }
    }

    [Fact]
    public void Where_there_is_no_file_the_policy_starts_cold_and_a_saved_one_is_found_again()
    {
        using var folder = new TestFolder();
        Assert.False(PolicyStateFile.Load(folder["state"], Key, Cold(World)));
        PolicyStateFile.Save(folder["state"], Key, Learned(World));
        Assert.True(PolicyStateFile.Load(folder["state"], Key, Cold(World)));
    }

    private static IStatefulPolicy Cold(Scenario world) =>
        (IStatefulPolicy)PolicyCatalog.Create(PolicyNames.MuLinUcb, Simulator.SetupOf(world, seed: 0));

    private static IStatefulPolicy Learned(Scenario world)
    {
        var policy = Cold(world);
        foreach (var _ in new Simulator(world, seed: 0).Play(policy)) { }
        return policy;
    }

    private static IEnumerable<double> Numbers(IStatefulPolicy policy)
    {
        var writer = new PolicyStateWriter();
        policy.Save(writer);
        return writer.Numbers;
    }

    private static PolicyStateKey KeyOf(Scenario world, string server, int model)
    {
        var digest = new byte[Fingerprint.Size];
        digest[0] = (byte)model;
        return PolicyStateKey.Of(new Fingerprint(digest), Simulator.SetupOf(world, seed: 0).Arms, server);
    }
}
