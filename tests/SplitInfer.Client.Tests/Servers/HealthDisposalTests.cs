using SplitInfer.Client.Servers;
using SplitInfer.Client.Transport;

namespace SplitInfer.Client.Tests.Servers;

/// <summary>A transport of an application's own that, told to stop, waits for something that asks after the server.</summary>
public sealed class HealthDisposalTests
{
    private static readonly TimeSpan FailureLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Disposal_holds_up_nobody_who_asks()
    {
        var transport = new WaitingTransport();
        var health = new ServerHealth(transport, "server", static _ => { }, onProfile: null, onChange: null, TimeSpan.Zero, TimeProvider.System);
        health.ProbeIfDue();
        await transport.IsPinged.WaitAsync(FailureLimit);
        var disposing = Task.Run(async () => await health.DisposeAsync());
        await transport.IsTold.WaitAsync(FailureLimit);

        Assert.True(await Task.Run(() => health.IsUnavailable).WaitAsync(FailureLimit));

        transport.GoOn.Set();
        await disposing.WaitAsync(FailureLimit);
        health.ProbeIfDue();
        Assert.Equal(1, transport.Pings);
    }

    private sealed class WaitingTransport : ITailTransport
    {
        private readonly TaskCompletionSource _isPinged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _isTold = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TransportCapabilities Capabilities => TransportCapabilities.Ping;

        public int Pings { get; private set; }

        public Task IsPinged => _isPinged.Task;

        public Task IsTold => _isTold.Task;

        public ManualResetEventSlim GoOn { get; } = new();

        public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
        {
            Pings++;
            await using var registration = cancellationToken.Register(() =>
            {
                _isTold.SetResult();
                GoOn.Wait(FailureLimit, CancellationToken.None);
            });
            _isPinged.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return default;
        }

        public ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            GoOn.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
