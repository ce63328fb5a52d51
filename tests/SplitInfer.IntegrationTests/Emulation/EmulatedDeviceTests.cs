using SplitInfer.Emulation;
using SplitInfer.Execution;
using SplitInfer.IntegrationTests.Kit;
using SplitInfer.Tensors;

namespace SplitInfer.IntegrationTests.Emulation;

/// <summary>A slow device, in virtual time.</summary>
public sealed class EmulatedDeviceTests
{
    private readonly CountingTimeProvider _time = new();

    [Fact]
    public async Task A_run_takes_as_many_times_as_long_as_the_fastest_so_far_and_never_less_than_itself()
    {
        using var slow = new EmulatedDevice(4, _time).Wrap(new TimedRunner(_time, 10, 30, 5, 70));
        double[] taken = [await RunAsync(slow), await RunAsync(slow), await RunAsync(slow), await RunAsync(slow)];
        Assert.Equal([40, 40, 20, 70], taken);
    }

    [Fact]
    public async Task Clients_of_one_device_are_slowed_alike()
    {
        var device = new EmulatedDevice(4, _time);
        using var first = device.Wrap(new TimedRunner(_time, 10));
        using var second = device.Wrap(new TimedRunner(_time, 30));
        double[] taken = [await RunAsync(first), await RunAsync(second)];
        Assert.Equal([40, 40], taken);
    }

    [Fact]
    public async Task Inputs_of_other_shapes_are_other_work()
    {
        using var slow = new EmulatedDevice(4, _time).Wrap(new TimedRunner(_time, 10, 30, 10));
        using TensorValue small = TensorValue.Allocate(ElementType.Float32, new(1, 2)), large = TensorValue.Allocate(ElementType.Float32, new(3, 2));
        double[] taken = [await RunAsync(slow, small), await RunAsync(slow, large), await RunAsync(slow, small)];
        Assert.Equal([40, 120, 40], taken);
    }

    [Fact]
    public async Task The_slowdown_may_change()
    {
        var device = new EmulatedDevice(1, _time);
        using var slow = device.Wrap(new TimedRunner(_time, 10, 10));
        Assert.Equal(10, await RunAsync(slow));
        device.Slowdown = 2.5;
        Assert.Equal(25, await RunAsync(slow));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_while_it_waits_leaves_no_outputs()
    {
        using var slow = new EmulatedDevice(8, _time).Wrap(new TimedRunner(_time, 10));
        using var stop = new CancellationTokenSource();
        var outputs = new TensorValue[1];
        var run = slow.RunAsync(default, outputs, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Null(outputs[0]);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_device_is_not_made_faster(double slowdown) => Assert.Throws<ArgumentOutOfRangeException>(() => new EmulatedDevice(slowdown));

    private async Task<double> RunAsync(ISegmentRunner runner, params TensorValue[] inputs)
    {
        var (outputs, start) = (new TensorValue[1], _time.GetTimestamp());
        var run = runner.RunAsync(inputs, outputs).AsTask();
        while (!run.IsCompleted)
        {
            if (_time.ActiveTimers > 0) _time.Advance(TimeSpan.FromMilliseconds(1));
            else await Task.Delay(1);
        }

        await run;
        outputs[0].Dispose();
        return _time.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Takes given milliseconds, one run after the other.</summary>
    private sealed class TimedRunner(CountingTimeProvider time, params int[] milliseconds) : ISegmentRunner
    {
        private int _runs;

        public IReadOnlyList<TensorSpec> Inputs => [];

        public IReadOnlyList<TensorSpec> Outputs => [];

        public ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds[_runs++]));
            outputs.Span[0] = TensorValue.Allocate(ElementType.Float32, new(1));
            return ValueTask.CompletedTask;
        }

        public void Dispose() { }
    }
}
