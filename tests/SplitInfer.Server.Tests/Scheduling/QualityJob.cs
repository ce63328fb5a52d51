using SplitInfer.Segments;
using SplitInfer.Server.Quality;
using SplitInfer.Server.Scheduling;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Tests.Scheduling;

/// <summary>A request of <see cref="QualityWorld"/>.</summary>
internal sealed class QualityJob : TailJob
{
    private readonly TensorValue[] _boundary = [TensorValue.From<float>([2f], 1)], _outputs = new TensorValue[1];
    private readonly long _madeAt;
    private int _endings;

    public QualityJob(TailJobTerms terms, ExitRun? exits, double? minQuality, long madeAt) => (Terms, Exits, MinQuality, _madeAt) = (terms, exits, minQuality, madeAt);

    public required SegmentSet Segments { get; init; }

    public required TimeProvider Time { get; init; }

    public double? MinQuality { get; }

    /// <summary>How often it was told to have ended.</summary>
    public int Endings => Volatile.Read(ref _endings);

    /// <summary>The leg whose end answered it; the last for the model itself, −1 for none.</summary>
    public int Answered { get; private set; } = -1;

    /// <summary>When it ended, as a timestamp.</summary>
    public long At { get; private set; }

    public override ReadOnlyMemory<TensorValue> Boundary => _boundary;

    public override Memory<TensorValue> Outputs => _outputs;

    public override CancellationToken StopToken => Stop.Token;

    /// <summary>Takes it back.</summary>
    public CancellationTokenSource Stop { get; } = new();

    public void Rent()
    {
        if (Exits is { } exits) exits.RentAsync(Segments, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        else Tail = Segments.RentAsync(new(SegmentSide.Tail, 0), CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    public override void OnEnded()
    {
        At = Time.GetTimestamp();
        if (Failure is null) Answered = Exits?.Answered ?? 2;
        Exits?.Return();
        Exits?.Close(isServed: !Stop.IsCancellationRequested, _madeAt, At);
        Tail.Dispose();
        Tail = default;
        Interlocked.Increment(ref _endings);
    }
}
