using SplitInfer.Execution;
using SplitInfer.IntegrationTests.Kit;
using SplitInfer.Tensors;
using VideoStream.Simulated;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>The slow device of the sample VideoStream.</summary>
public sealed class SlowRunnerTests
{
    [Fact]
    public async Task A_run_takes_as_many_times_as_long_as_the_fastest_so_far_and_never_less_than_itself()
    {
        var time = new CountingTimeProvider();
        using var slow = new SlowRunner(new TimedRunner(time, 10, 30, 5, 70), factor: 4, time);
        var taken = new List<double>();
        for (var run = 0; run < 4; run++) taken.Add(await RunAsync());
        Assert.Equal([40, 40, 20, 70], taken);

        async Task<double> RunAsync()
        {
            var start = time.GetTimestamp();
            var run = slow.RunAsync(default, default).AsTask();
            while (!run.IsCompleted)
            {
                if (time.ActiveTimers > 0) time.Advance(TimeSpan.FromMilliseconds(1));
                else await Task.Delay(1);
            }

            return time.GetElapsedTime(start).TotalMilliseconds;
        }
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
            return ValueTask.CompletedTask;
        }

        public void Dispose() { }
    }
}
