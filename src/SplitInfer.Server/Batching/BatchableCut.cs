using SplitInfer.Segments;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Batching;

/// <summary>
/// The requests of one model at one cut with boundaries of certain shapes, which may run together once that was tried and pays. Nothing is loaded before some of them have had to
/// wait. Thread-safe but for <see cref="Curve"/>, which is the scheduler's.
/// </summary>
/// <param name="owner">Prepares it; null where it is opened without.</param>
/// <param name="partition">Index of the partition.</param>
/// <param name="boundary">A boundary of these shapes; not kept.</param>
/// <param name="most">The most requests that a run may have.</param>
internal sealed class BatchableCut(ModelBatches? owner, int partition, ReadOnlySpan<TensorValue> boundary, int most)
{
    /// <summary>So many inputs of requests are tried together.</summary>
    public const int Samples = 3;

    // Two that meet once need no batch. A tail that was unloaded had no room, and may have none again.
    private const int LeastWaits = 16, TimesAsMany = 64, MostWaits = int.MaxValue / TimesAsMany;

    private static long _lastKey;

    private readonly TensorShape[] _shapes = ShapesOf(boundary);
    private readonly Lock _gate = new();
    private readonly List<TensorValue[]> _samples = new(Samples);
    private int _waits, _leastWaits = LeastWaits;
    private volatile bool _isPrepared;
    private long _key, _restsUntil;

    /// <summary>Index of the partition.</summary>
    public int Partition => partition;

    /// <summary>Which requests may run together: those with this number; 0 while none may.</summary>
    public long Key => Volatile.Read(ref _key);

    /// <summary>What runs take; null while <see cref="Key"/> is 0.</summary>
    public BatchCurve? Curve { get; private set; }

    /// <summary>The most requests that a run may have.</summary>
    public int MaxCount { get; private set; } = most;

    /// <summary>Whether a boundary has these shapes.</summary>
    public bool Takes(ReadOnlySpan<TensorValue> other)
    {
        if (other.Length != _shapes.Length) return false;
        for (var i = 0; i < other.Length; i++)
            if (other[i].Shape != _shapes[i]) return false;
        return true;
    }

    /// <summary>A request is about to wait for a place. Once enough have, batches are prepared, and tried on copies of what some of them send.</summary>
    public void NoteWait(ReadOnlySpan<TensorValue> waiting)
    {
        if (_isPrepared) return;
        lock (_gate)
        {
            if (_isPrepared || ++_waits <= _leastWaits - Samples) return;
            _samples.Add(CopyOf(waiting));
            if (_samples.Count < Samples) return;
            _isPrepared = true;
        }

        owner?.Prepare(this, _samples);
    }

    /// <summary>Requests may run together from now on.</summary>
    public void Open(BatchCurve curve, int maxCount)
    {
        (Curve, MaxCount, _isPrepared) = (curve, maxCount, true);
        Volatile.Write(ref _key, Interlocked.Increment(ref _lastKey));
    }

    /// <summary>The tail for several requests, if it is still loaded. Where it is not, the cut is prepared again when requests have had to wait again.</summary>
    /// <param name="lease">The tail, which is to be disposed once.</param>
    public bool TryRent(out SegmentLease lease)
    {
        lease = default;
        if (owner?.TryRent(partition, out lease) == true) return true;
        lock (_gate)
        {
            if (Key == 0) return false;
            Volatile.Write(ref _key, 0);
            (_waits, _leastWaits, _isPrepared) = (0, Math.Min(_leastWaits, MostWaits) * TimesAsMany, false);
        }

        return false;
    }

    /// <summary>A batch has failed, and its requests ran alone. Batches rest for so long that no request which fails costs others more than a few percent of their time.</summary>
    /// <param name="until">Until when, as a timestamp.</param>
    /// <param name="error">Why it failed.</param>
    public void Rest(long until, Exception error)
    {
        if (Interlocked.Exchange(ref _restsUntil, until) == 0) owner?.NoteFailure(partition, error);
    }

    /// <summary>Whether requests may run together at a time.</summary>
    public bool IsOpen(long now) => Key != 0 && now >= Volatile.Read(ref _restsUntil);

    private static TensorValue[] CopyOf(ReadOnlySpan<TensorValue> tensors)
    {
        var copy = new TensorValue[tensors.Length];
        for (var i = 0; i < copy.Length; i++) copy[i] = TensorValue.From(tensors[i].ElementType, tensors[i].Shape, tensors[i].Bytes.Span);
        return copy;
    }

    private static TensorShape[] ShapesOf(ReadOnlySpan<TensorValue> tensors)
    {
        var shapes = new TensorShape[tensors.Length];
        for (var i = 0; i < shapes.Length; i++) shapes[i] = tensors[i].Shape;
        return shapes;
    }
}
