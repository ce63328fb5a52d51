namespace SplitInfer.Execution;

/// <summary>A segment that is ready to run, and what it holds.</summary>
/// <param name="Runner">Runs it.</param>
/// <param name="OwnBytes">Bytes that only this segment holds.</param>
/// <param name="Shared">What it holds in common with others, given up after the runner; null where there is nothing.</param>
internal sealed record CompiledSegment(ISegmentRunner Runner, long OwnBytes, IDisposable? Shared) : IDisposable
{
    public void Dispose()
    {
        Runner.Dispose();
        Shared?.Dispose();
    }
}
