using SplitInfer.Codecs;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>What one codec did to all samples so far.</summary>
internal sealed class CodecTally(ITensorCodec codec, TimeProvider time)
{
    private long _bytes, _payloadBytes, _samples, _agreements;
    private double _squaredError, _squares;
    private TimeSpan _encoding, _decoding;

    /// <summary>Encodes and decodes a boundary. The caller owns what comes out.</summary>
    public Tensor[] Transcode(Tensor[] boundary) => [.. boundary.Select(Transcode)];

    /// <summary>Compares the outputs of one sample with those that the untouched boundary gives.</summary>
    public void Compare(Tensor[] expected, Tensor[] actual)
    {
        _samples++;
        for (var i = 0; i < expected.Length; i++)
        {
            if (!FloatingPoint.Is(expected[i].ElementType)) continue;
            var (values, others) = (Read(expected[i]), Read(actual[i]));
            if (i == 0 && values.Length > 0 && IndexOfLargest(values) == IndexOfLargest(others)) _agreements++;
            for (var j = 0; j < values.Length; j++)
            {
                var difference = (double)others[j] - values[j];
                _squaredError += difference * difference;
                _squares += (double)values[j] * values[j];
            }
        }
    }

    /// <summary>The line about it.</summary>
    public CodecAgreementRow Row(Partition partition) => new(
        partition.Index, [.. partition.Boundary.Select(static value => value.Name)], codec.Name, (double)_bytes / _payloadBytes,
        (double)_agreements / _samples, _squaredError == 0 ? 0 : Math.Sqrt(_squaredError / _squares),
        _bytes / _encoding.TotalSeconds / 1e9, _bytes / _decoding.TotalSeconds / 1e9);

    private Tensor Transcode(Tensor tensor)
    {
        var payload = new byte[codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)];
        var decoded = Tensor.Allocate(tensor.ElementType, tensor.Shape);
        var start = time.GetTimestamp();
        var length = codec.Encode(tensor.ElementType, tensor.Shape, tensor.Bytes.Span, payload);
        var middle = time.GetTimestamp();
        codec.Decode(tensor.ElementType, tensor.Shape, payload.AsSpan(0, length), decoded.Bytes.Span);
        _decoding += time.GetElapsedTime(middle);
        _encoding += time.GetElapsedTime(start, middle);
        _bytes += tensor.ByteLength;
        _payloadBytes += length;
        return decoded;
    }

    private static int IndexOfLargest(float[] values) => Array.IndexOf(values, values.Max());

    private static float[] Read(Tensor tensor)
    {
        var values = new float[tensor.Shape.ElementCount];
        FloatingPoint.Read(tensor.ElementType, tensor.Bytes.Span, values);
        return values;
    }
}
