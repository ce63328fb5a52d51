using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>Speed, payload size and error of a codec for one boundary, measured on the calling thread.</summary>
public sealed record CodecMeasurement
{
    /// <summary>Name of the codec.</summary>
    public required string Codec { get; init; }

    /// <summary>Bytes of the boundary.</summary>
    public required long Bytes { get; init; }

    /// <summary>Elements of the boundary.</summary>
    public required long Elements { get; init; }

    /// <summary>Bytes of the payloads.</summary>
    public required long PayloadBytes { get; init; }

    /// <summary>Encoding speed, 10^9 bytes of the boundary per second.</summary>
    public required double EncodeGBs { get; init; }

    /// <summary>Decoding speed, 10^9 bytes of the boundary per second.</summary>
    public required double DecodeGBs { get; init; }

    /// <summary>The largest difference of a decoded floating-point element; 0 if the codec is lossless.</summary>
    public required double MaxAbsError { get; init; }

    /// <summary>Peak signal to noise ratio of the floating-point elements in dB, where the peak is their range; null if nothing differs.</summary>
    public required double? Psnr { get; init; }

    /// <summary>Measures a codec.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="boundary">The boundary; the caller keeps ownership.</param>
    /// <param name="effort">The effort of the measurement.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="InvalidPayloadException">The codec cannot decode its own payload.</exception>
    public static CodecMeasurement Of(ITensorCodec codec, IReadOnlyList<TensorValue> boundary, MeasuringEffort effort, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(boundary);
        time ??= TimeProvider.System;
        var bytes = boundary.Sum(static tensor => (long)tensor.ByteLength);
        var payloads = boundary.Select(tensor => new byte[codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)]).ToArray();
        var decoded = boundary.Select(static tensor => TensorValue.Allocate(tensor.ElementType, tensor.Shape)).ToArray();
        var lengths = new int[boundary.Count];
        var encodeSeconds = effort.SecondsOf(Encode, time);
        var decodeSeconds = effort.SecondsOf(Decode, time);
        var error = CodecError.Between(boundary, decoded);
        foreach (var tensor in decoded) tensor.Dispose();
        return new()
        {
            Codec = codec.Name,
            Bytes = bytes,
            Elements = boundary.Sum(static tensor => tensor.Shape.ElementCount),
            PayloadBytes = lengths.Sum(static length => (long)length),
            EncodeGBs = bytes / encodeSeconds / 1e9,
            DecodeGBs = bytes / decodeSeconds / 1e9,
            MaxAbsError = error.Largest,
            Psnr = error.Psnr,
        };

        void Encode()
        {
            for (var i = 0; i < lengths.Length; i++)
                lengths[i] = codec.Encode(boundary[i].ElementType, boundary[i].Shape, boundary[i].Bytes.Span, payloads[i]);
        }

        void Decode()
        {
            for (var i = 0; i < lengths.Length; i++)
                codec.Decode(boundary[i].ElementType, boundary[i].Shape, payloads[i].AsSpan(0, lengths[i]), decoded[i].Bytes.Span);
        }
    }
}
