using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Server;
using SplitInfer.Server.Connections;
using SplitInfer.Testing.Wire;

namespace SplitInfer.IntegrationTests.Transport;

/// <summary>A server that is told to stop while it still runs a tail, as a client's health of servers sees it: draining, which is not down. Only the clock of the health is the test's.</summary>
public sealed class DrainingServerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Uri _address = FreeAddress(), _otherAddress = FreeAddress();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FakeTimeProvider _time = new();
    private readonly DigestModel _model = new();
    private readonly List<FrameServer> _running = [];

    [Fact]
    public async Task It_is_avoided_without_a_growing_backoff_and_used_again_when_a_new_server_listens()
    {
        _model.OnRun = stop => _gate.Task.WaitAsync(stop);
        var server = Start(_address);
        Start(_otherAddress);
        await using var servers = new ServerSet([.. new[] { _address, _otherAddress }.Select(HandleOf)]);
        var draining = servers.All[0];
        foreach (var handle in servers.All) await ProbeUntilAsync(handle, () => !handle.Health.IsUnavailable);

        var last = new Exchange(WirePlan.Fixed, seed: 1).MakeAsync(draining.Transports[0]);
        using (var limit = new CancellationTokenSource(Patience))
            while (_model.Running == 0) await Task.Delay(1, limit.Token);
        var stopping = server.StopAsync();
        draining.Health.ReportFailure(await RefusalOfAsync(draining.Transports[0]));
        Assert.Equal(0b01ul, servers.Unavailable);

        // One that is down would be left alone for 1, 2, 4 and 8 s.
        for (var second = 0; second < 4; second++)
        {
            var before = draining.Health.LastFailure;
            _time.Advance(TimeSpan.FromSeconds(1));
            await ProbeUntilAsync(draining, () => draining.Health.LastFailure != before);
            Assert.Equal(RefusalCode.ShuttingDown, Assert.IsType<TailRefusedException>(draining.Health.LastFailure).Code);
            Assert.Equal(0b01ul, servers.Unavailable);
        }

        Assert.False(last.IsCompleted);
        _gate.SetResult();
        await last;
        await stopping;

        Start(_address);
        _time.Advance(TimeSpan.FromSeconds(1));
        await ProbeUntilAsync(draining, () => servers.Unavailable == 0);
        Assert.Null(draining.Health.LastFailure);
        await new Exchange(WirePlan.Fixed, seed: 2).MakeAsync(draining.Transports[0]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _running) await server.DisposeAsync();
    }

    private static Uri FreeAddress() => new($"unix://{Path.GetTempPath()}{Path.GetRandomFileName()}");

    /// <summary>What a server that stops answers. A ping may still meet the connection before it goes away.</summary>
    private static async Task<TailRefusedException> RefusalOfAsync(ITailTransport transport)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await transport.PingAsync(limit.Token);
            }
            catch (TailRefusedException refused)
            {
                return refused;
            }
        }
    }

    private static async Task ProbeUntilAsync(ServerHandle server, Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            server.Health.ProbeIfDue();
            await Task.Delay(1, limit.Token);
        }
    }

    private FrameServer Start(Uri address)
    {
        var server = ServerComposition.CreateFrameServer(_model, CodecRegistry.Default, new(), TimeProvider.System, NullLogger.Instance);
        _running.Add(server);
        server.Start([address]);
        return server;
    }

    private ServerHandle HandleOf(Uri address)
    {
        var transport = new RemoteTailTransport(address, "model", "", WirePlan.Plan, CodecRegistry.Default, new(), TimeProvider.System);
        return new(address.ToString(), transport, new(transport, address.ToString(), static _ => { }, onProfile: null, onChange: null, Timeout.InfiniteTimeSpan, _time));
    }
}
