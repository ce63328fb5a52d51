using System.Collections.Immutable;
using SplitInfer.Execution;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Tests.Evaluation;

/// <summary>A session without inputs and outputs, whose runs take a given time of a clock.</summary>
internal sealed class ScriptedSession(StepTime time, TimeSpan duration) : IEngineSession
{
    public int Runs { get; private set; }

    public ImmutableArray<EngineValue> Inputs => [];

    public ImmutableArray<EngineValue> Outputs => [];

    public void Run(ReadOnlySpan<int> inputPlaces, ReadOnlySpan<TensorValue> inputs, ReadOnlySpan<int> outputPlaces, Span<TensorValue> outputs, CancellationToken cancellationToken)
    {
        Runs++;
        time.Pass(duration);
    }

    public ModelValue[] RunForValues(IReadOnlyList<string> names, ReadOnlySpan<TensorValue> inputs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Dispose() { }
}

/// <summary>A clock that stands still unless it is told otherwise. It counts microseconds.</summary>
internal sealed class StepTime : TimeProvider
{
    private long _now;

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => _now;

    public void Pass(TimeSpan time) => _now += (long)time.TotalMicroseconds;
}
