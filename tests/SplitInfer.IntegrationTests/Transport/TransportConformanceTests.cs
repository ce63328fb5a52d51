using SplitInfer.Client.Transport;
using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>What every <see cref="Client.Transport.ITailTransport"/> must do, over every kind that there is.</summary>
public class TransportConformanceTests
{
    public static TheoryData<string> Kinds => TransportKind.Names;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Outputs_are_those_of_the_tail_for_every_partition_and_codec(string kind)
    {
        await using var transport = new TransportKind(kind);
        foreach (var partition in new[] { WirePlan.Fixed, WirePlan.Symbolic, WirePlan.Large })
        {
            await new Exchange(partition, seed: 1).MakeAsync(transport.Transport);
            await new Exchange(partition, seed: 2, codec: new RunLengthCodec()).MakeAsync(transport.Transport);
        }

        foreach (var n in new[] { 0, 1, 100_000 }) await new Exchange(WirePlan.Symbolic, seed: n, n).MakeAsync(transport.Transport);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Requests_at_the_same_time_do_not_mix(string kind)
    {
        await using var transport = new TransportKind(kind);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(seed => Task.Run(() =>
            new Exchange(seed % 20 == 0 ? WirePlan.Large : seed % 2, seed, n: seed).MakeAsync(transport.Transport))));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_withdrawal_ends_the_call_and_the_run(string kind)
    {
        await using var transport = new TransportKind(kind);
        var stopped = new TaskCompletionSource();
        using var token = new CancellationTokenSource();
        transport.Model.OnRun = async stop =>
        {
            await token.CancelAsync();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, stop);
            }
            finally
            {
                stopped.SetResult();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport.Transport, token.Token));
        await stopped.Task;
        transport.Model.OnRun = static _ => Task.CompletedTask;
        await new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(transport.Transport);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_ping_works_where_the_transport_says_so_and_is_refused_elsewhere(string kind)
    {
        await using var transport = new TransportKind(kind);
        if (transport.Transport.Capabilities.HasFlag(TransportCapabilities.Ping)) Assert.True(await transport.Transport.PingAsync() >= TimeSpan.Zero);
        else await Assert.ThrowsAsync<NotSupportedException>(async () => await transport.Transport.PingAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_refusal_is_a_typed_error(string kind)
    {
        await using var transport = new TransportKind(kind);
        var refused = await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Inadmissible, seed: 1).MakeAsync(transport.Transport));
        Assert.Equal(RefusalCode.InvalidPartition, refused.Code);
        transport.Model.OnRun = static _ => throw new TailRefusedException(RefusalCode.Busy, "Later.");
        refused = await Assert.ThrowsAsync<TailRefusedException>(() => new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(transport.Transport));
        Assert.Equal((RefusalCode.Busy, "Later."), (refused.Code, refused.Message));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_output_that_is_taken_over_outlives_the_reply(string kind)
    {
        await using var transport = new TransportKind(kind);
        var reply = await transport.Transport.SendAsync(new Exchange(WirePlan.Large, seed: 1).Request);
        using var taken = reply.Outputs[0]!;
        reply.Outputs[0] = null;
        var bytes = taken.Bytes.ToArray();
        reply.Dispose();
        await Task.WhenAll(Enumerable.Range(2, 10).Select(seed => new Exchange(WirePlan.Large, seed).MakeAsync(transport.Transport)));
        Assert.True(taken.Bytes.Span.SequenceEqual(bytes));
    }
}
