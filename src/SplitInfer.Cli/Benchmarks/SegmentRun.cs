using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Runs a segment again and again on the caller's thread, on the same inputs.</summary>
internal sealed class SegmentRun(SegmentRunner runner, Tensor[] inputs, TimeProvider time) : IDisposable
{
    private readonly Tensor[] _outputs = new Tensor[runner.Outputs.Count];

    /// <summary>Runs once.</summary>
    /// <returns>Milliseconds that it took.</returns>
    public double Run()
    {
        var start = time.GetTimestamp();
        runner.Run(inputs, _outputs, CancellationToken.None);
        var elapsed = time.GetElapsedTime(start).TotalMilliseconds;
        foreach (var output in _outputs) output.Dispose();
        return elapsed;
    }

    /// <summary>Runs once more and keeps the outputs, which the caller owns.</summary>
    public Tensor[] Take()
    {
        runner.Run(inputs, _outputs, CancellationToken.None);
        return [.. _outputs];
    }

    public void Dispose() => runner.Dispose();
}
