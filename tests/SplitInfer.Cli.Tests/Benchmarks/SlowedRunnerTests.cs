using Microsoft.Extensions.Time.Testing;
using SplitInfer.Cli.Benchmarks;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Tests.Benchmarks;

public class SlowedRunnerTests
{
    private static readonly TimeSpan Own = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task A_run_takes_so_many_times_as_long()
    {
        var time = new FakeTimeProvider();
        using var runner = new SlowedRunner(new Runner(time), factor: 8, time);
        var run = runner.RunAsync(default, default).AsTask();
        time.Advance(Own * 6.9);
        Assert.False(run.IsCompleted);
        time.Advance(Own * 0.2);
        await run;
    }

    [Fact]
    public async Task A_run_can_be_cancelled_while_it_waits()
    {
        var time = new FakeTimeProvider();
        using var runner = new SlowedRunner(new Runner(time), factor: 8, time);
        using var stop = new CancellationTokenSource();
        var run = runner.RunAsync(default, default, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private sealed class Runner(FakeTimeProvider time) : ISegmentRunner
    {
        public IReadOnlyList<TensorSpec> Inputs => [];

        public IReadOnlyList<TensorSpec> Outputs => [];

        public ValueTask RunAsync(ReadOnlyMemory<TensorValue> inputs, Memory<TensorValue> outputs, CancellationToken cancellationToken = default)
        {
            time.Advance(Own);
            return ValueTask.CompletedTask;
        }

        public void Dispose() { }
    }
}
