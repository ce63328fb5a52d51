using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

public class TransportStressTests
{
    public static TheoryData<string> Kinds => TransportKind.Names;

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Withdrawals_at_any_moment_mix_nothing_up_and_leave_nothing_behind(string kind)
    {
        await using var transport = new TransportKind(kind);
        transport.Model.OnRun = static async stop =>
        {
            await Task.Yield();
            stop.ThrowIfCancellationRequested();
        };
        var (done, withdrawn) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var round = 0; round < 60; round++)
            {
                using var token = new CancellationTokenSource();
                var exchange = new Exchange(random.Next(8) == 0 ? WirePlan.Large : random.Next(2), random.Next(), random.Next(3000), random.Next(2) == 0 ? new RunLengthCodec() : null);
                var making = Task.Run(() => exchange.MakeAsync(transport.Transport, token.Token));
                if (random.Next(2) == 0)
                {
                    for (var wait = random.Next(20); wait > 0; wait--) await Task.Yield();
                    await token.CancelAsync();
                }

                try
                {
                    await making;
                    Interlocked.Increment(ref done);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref withdrawn);
                }
                catch (TailRefusedException refused) when (refused.Code is RefusalCode.Cancelled or RefusalCode.Busy)
                {
                    // Busy, where many that were withdrawn have not been let go of yet.
                    Interlocked.Increment(ref withdrawn);
                }
            }
        })));
        Assert.True(done >= 100, $"{done} done, {withdrawn} withdrawn");
        for (var seed = 0; seed < 20; seed++) await new Exchange(WirePlan.Large, seed).MakeAsync(transport.Transport);
        Assert.Equal(0, transport.Model.Running);
    }
}
