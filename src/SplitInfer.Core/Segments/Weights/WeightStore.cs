using SplitInfer.Tensors;

namespace SplitInfer.Segments.Weights;

/// <summary>
/// The constant tensors of all segments of one model, each held once however many segments have it: the head of one cut and
/// the tail of another overlap, so that without sharing the memory grows with the number of cuts. Thread-safe.
/// </summary>
internal sealed class WeightStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, List<Weight>> _weights = [];
    private long _bytes;

    /// <summary>Bytes of all weights that a segment holds.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The weight with these bytes, created if no segment uses one. Release it with <see cref="Return"/>.</summary>
    public Weight Take(ElementType type, TensorShape shape, ReadOnlySpan<byte> bytes)
    {
        var key = Key.Of(type, shape, bytes);
        lock (_lock)
        {
            if (!_weights.TryGetValue(key, out var candidates)) _weights[key] = candidates = new(1);
            Weight? weight = null;
            foreach (var candidate in candidates)
                if (candidate.Value.Bytes.Span.SequenceEqual(bytes)) weight = candidate;
            if (weight is null)
            {
                candidates.Add(weight = new Weight(TensorValue.AllocateUnpooled(type, shape, bytes)));
                _bytes += bytes.Length;
            }

            weight.References++;
            return weight;
        }
    }

    /// <summary>Gives up a weight that <see cref="Take"/> handed out. A session that still reads it keeps the memory.</summary>
    public void Return(Weight weight)
    {
        lock (_lock)
        {
            if (--weight.References > 0) return;
            var value = weight.Value;
            var key = Key.Of(value.ElementType, value.Shape, value.Bytes.Span);
            var candidates = _weights[key];
            candidates.Remove(weight);
            if (candidates.Count == 0) _weights.Remove(key);
            _bytes -= value.ByteLength;
            value.Dispose();
        }
    }

    /// <summary>Finds candidates by type, shape and both ends of the bytes; the whole is then compared, so that a collision costs time, never a wrong weight.</summary>
    private readonly record struct Key(ElementType Type, TensorShape Shape, int Ends)
    {
        private const int EndLength = 1024;

        public static Key Of(ElementType type, TensorShape shape, ReadOnlySpan<byte> bytes)
        {
            var hash = new HashCode();
            hash.AddBytes(bytes[..Math.Min(EndLength, bytes.Length)]);
            hash.AddBytes(bytes[Math.Max(0, bytes.Length - EndLength)..]);
            return new(type, shape, hash.ToHashCode());
        }
    }
}
