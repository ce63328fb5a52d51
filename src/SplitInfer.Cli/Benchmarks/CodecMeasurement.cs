using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A codec on one boundary, on the calling thread: how long it takes, how small the payloads are, and how far off.</summary>
internal sealed class CodecMeasurement
{
    private readonly string _codec;
    private readonly long _bytes, _payloadBytes, _elements;
    private readonly double _encodeSeconds, _decodeSeconds;
    private readonly CodecError _error;

    private CodecMeasurement(ITensorCodec codec, Tensor[] boundary, MeasuringEffort effort, TimeProvider time)
    {
        _codec = codec.Name;
        _bytes = boundary.Sum(static tensor => (long)tensor.ByteLength);
        _elements = boundary.Sum(static tensor => tensor.Shape.ElementCount);
        var payloads = boundary.Select(tensor => new byte[codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)]).ToArray();
        var decoded = boundary.Select(static tensor => Tensor.Allocate(tensor.ElementType, tensor.Shape)).ToArray();
        var lengths = new int[boundary.Length];
        _encodeSeconds = effort.SecondsOf(Encode, time);
        _decodeSeconds = effort.SecondsOf(Decode, time);
        _payloadBytes = lengths.Sum(static length => (long)length);
        _error = CodecError.Between(boundary, decoded);
        foreach (var tensor in decoded) tensor.Dispose();

        void Encode()
        {
            for (var i = 0; i < boundary.Length; i++)
                lengths[i] = codec.Encode(boundary[i].ElementType, boundary[i].Shape, boundary[i].Bytes.Span, payloads[i]);
        }

        void Decode()
        {
            for (var i = 0; i < boundary.Length; i++)
                codec.Decode(boundary[i].ElementType, boundary[i].Shape, payloads[i].AsSpan(0, lengths[i]), decoded[i].Bytes.Span);
        }
    }

    /// <summary>10^9 bytes of the boundary encoded in a second.</summary>
    public double EncodeGBs => _bytes / _encodeSeconds / 1e9;

    /// <summary>10^9 bytes of the boundary decoded in a second.</summary>
    public double DecodeGBs => _bytes / _decodeSeconds / 1e9;

    /// <summary>Measures a codec.</summary>
    public static CodecMeasurement Of(ITensorCodec codec, Tensor[] boundary, MeasuringEffort effort, TimeProvider time) => new(codec, boundary, effort, time);

    /// <summary>The line about it.</summary>
    public CodecRow Row(int partition) => new(
        partition, _codec, (double)_bytes / _payloadBytes, EncodeGBs, DecodeGBs, _payloadBytes * 8.0 / _elements, _error.Largest, _error.Psnr);
}
