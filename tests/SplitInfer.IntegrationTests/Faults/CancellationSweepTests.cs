using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Codecs.Raw;
using SplitInfer.IntegrationTests.Transport;
using SplitInfer.Server;
using SplitInfer.Testing.Faults;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>
/// A caller that gives up after each byte of its exchange, in either direction, from the handshake to the end of the reply: the call ends then, and the next
/// one on the same transport is right.
/// </summary>
public class CancellationSweepTests
{
    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    // Enough for the bytes of a whole exchange; the sweep ends with these.
    private const int MostBytes = 10_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_call_ends_and_the_next_is_right(bool isUp)
    {
        var model = new DigestModel();
        var codecs = new CodecRegistry([new RawCodec()]);
        await using var server = ServerComposition.CreateFrameServer(model, codecs, new ServerLimits(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using var proxy = FaultProxy.Start(server.Start([new Uri("tcp://127.0.0.1:0")])[0]);
        var (cancelled, at) = (0, 0);
        for (; at < MostBytes; at++)
        {
            using var caller = new CancellationTokenSource();
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var before = proxy.Fired;
            var fault = Fault.Do(FaultPoint.Byte(at), async () =>
            {
                await caller.CancelAsync();
                // Nothing more comes before the caller has found out.
                await ended.Task.WaitAsync(FailureLimit);
            });
            proxy.Script = _ => isUp ? new() { Up = [fault] } : new() { Down = [fault] };
            await using var transport = new RemoteTailTransport(new(proxy.Address, codecs, new(), TimeProvider.System), new("model", "", WirePlan.Plan));
            try
            {
                await new Exchange(WirePlan.Symbolic, seed: at).MakeAsync(transport, caller.Token).WaitAsync(FailureLimit);
            }
            catch (OperationCanceledException canceled)
            {
                Assert.Equal(caller.Token, canceled.CancellationToken);
                cancelled++;
            }
            finally
            {
                ended.SetResult();
            }

            if (proxy.Fired == before) break;
            proxy.Script = static _ => ConnectionScript.Clean;
            await new Exchange(WirePlan.Symbolic, seed: at + 1).MakeAsync(transport).WaitAsync(FailureLimit);
        }

        // The fault after the last byte never comes; those before ended the call but for the last bytes, with which it had its result.
        Assert.InRange(at, 100, MostBytes - 1);
        Assert.InRange(cancelled, at - 2, at);
        while (model.Running > 0) await Task.Delay(10);
    }
}
