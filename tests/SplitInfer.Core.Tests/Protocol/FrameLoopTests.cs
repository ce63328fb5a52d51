using SplitInfer.Protocol;
using SplitInfer.Testing.Wire;

namespace SplitInfer.Core.Tests.Protocol;

public class FrameLoopTests
{
    [Fact]
    public async Task Work_that_takes_long_keeps_no_frame_waiting()
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        var handler = new Handler();
        var pump = connection.RunAsync(handler);
        // The work of the first frame ends only once the second was taken in.
        await peer.SendAsync(FrameType.Ping, 1);
        await peer.SendAsync(FrameType.Ping, 2);
        Assert.True(await handler.FirstWorkDone.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        peer.Dispose();
        await pump;
        Assert.Equal([1, 2], handler.TakenIn);
    }

    [Fact]
    public async Task It_ends_with_the_reason_for_which_the_connection_was_aborted()
    {
        var (near, far) = DuplexStream.CreatePair();
        using var connection = Wires.Connect(near);
        using var peer = new WirePeer(far);
        var pump = connection.RunAsync(new Handler());
        connection.Abort(new TimeoutException("first"));
        connection.Abort(new TimeoutException("second"));
        Assert.Equal("first", (await Assert.ThrowsAsync<TimeoutException>(() => pump)).Message);
    }

    private sealed class Handler : IFrameHandler, IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource _secondTakenIn = new();

        public List<ulong> TakenIn { get; } = [];

        public TaskCompletionSource<bool> FirstWorkDone { get; } = new();

        public ValueTask<IThreadPoolWorkItem?> HandleFrameAsync(FrameReader reader)
        {
            TakenIn.Add(reader.Frame.RequestId);
            if (TakenIn.Count == 1) return new(this);
            _secondTakenIn.SetResult();
            return default;
        }

        public void Execute() => FirstWorkDone.SetResult(_secondTakenIn.Task.Wait(TimeSpan.FromSeconds(30)));
    }
}
