using System.Buffers.Binary;
using SplitInfer.Fleet.Priors;

namespace SplitInfer.Fleet.Tests.Priors;

/// <summary>What kinds of devices have learned, added up in a cluster.</summary>
public sealed class KindPriorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Shares_of_a_kind_add_up_and_outlive_its_silo()
    {
        var states = new KeptStates();
        await using var cluster = await TestCluster.StartAsync(states, new Numbers());
        await using var store = new OrleansKindPriorStore(cluster.Client, "eu", Patience);
        Assert.Null(await store.GetAsync("phone"));
        await store.ContributeAsync("phone", Share(3));
        await store.ContributeAsync("phone", Share(4));
        await store.ContributeAsync("tablet", Share(10));
        Assert.Equal(7, NumberOf(await store.GetAsync("phone")));
        await cluster.DeactivateAsync(cluster.Client.GetGrain<IKindPriorGrain>("eu/phone"));
        Assert.Equal(7, NumberOf(await store.GetAsync("phone")));
        Assert.Equal(10, NumberOf(await store.GetAsync("tablet")));
    }

    [Fact]
    public async Task What_no_device_can_have_learned_is_refused_and_makes_no_kind()
    {
        await using var cluster = await TestCluster.StartAsync(new(), new Numbers(), maxKinds: 1);
        await using var store = new OrleansKindPriorStore(cluster.Client, "eu", Patience);
        Assert.Contains("at most 100", (await Assert.ThrowsAsync<FormatException>(async () => await store.ContributeAsync("other", Share(101)))).Message);
        await Assert.ThrowsAsync<FormatException>(async () => await store.ContributeAsync("other", default));
        await Assert.ThrowsAsync<FormatException>(async () => await store.ContributeAsync("other", new byte[KindSum.MaxShareBytes + 1]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.ContributeAsync("a/b", Share(1)));
        await store.ContributeAsync("phone", Share(1));
        Assert.Contains("1 kinds", (await Assert.ThrowsAsync<FormatException>(async () => await store.ContributeAsync("other", Share(1)))).Message);
        Assert.Null(await store.GetAsync("other"));
        Assert.Equal(1, NumberOf(await store.GetAsync("phone")));
    }

    [Fact]
    public async Task A_share_that_could_not_be_kept_is_not_counted()
    {
        var states = new KeptStates();
        await using var cluster = await TestCluster.StartAsync(states, new Numbers());
        await using var store = new OrleansKindPriorStore(cluster.Client, "eu", Patience);
        await store.ContributeAsync("phone", Share(1));
        states.IsBroken = true;
        await Assert.ThrowsAsync<FleetUnavailableException>(async () => await store.ContributeAsync("phone", Share(1)));
        states.IsBroken = false;
        Assert.Equal(1, NumberOf(await store.GetAsync("phone")));
        await store.ContributeAsync("phone", Share(1));
        Assert.Equal(2, NumberOf(await store.GetAsync("phone")));
    }

    [Fact]
    public void A_sum_that_came_back_damaged_is_given_up_for_the_next_share()
    {
        var sum = new KindSum(new Numbers()) { Bytes = [1, 2] };
        Assert.NotNull(sum.Add([1]));
        Assert.Null(sum.Add(Share(3)));
        Assert.Null(sum.Add(Share(4)));
        Assert.Equal(7, NumberOf(sum.Bytes));
    }

    private static byte[] Share(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static int NumberOf(ReadOnlyMemory<byte>? sum) => BinaryPrimitives.ReadInt32LittleEndian(sum!.Value.Span);

    /// <summary>Sums that are one number, of which a device has at most 100.</summary>
    private sealed class Numbers : IKindPriorAdder
    {
        public byte[] Add(ReadOnlySpan<byte> sum, ReadOnlySpan<byte> share)
        {
            var value = share.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(share) : -1;
            if (value is < 0 or > 100) throw new FormatException("A share is a number of at most 100.");
            if (sum.Length is not (0 or sizeof(int))) throw new FormatException("A sum is a number.");
            return Share((sum.IsEmpty ? 0 : BinaryPrimitives.ReadInt32LittleEndian(sum)) + value);
        }
    }
}
