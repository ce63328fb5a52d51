using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A codec on one boundary: how long it takes, how small the payloads are, and how far off.</summary>
internal sealed class CodecMeasurement
{
    // Long enough that the runtime has compiled the loops for good, and that one disturbance does not count.
    private const int MinRounds = 15, WarmUpRounds = 40;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(250), Measuring = TimeSpan.FromMilliseconds(300);

    private readonly string _codec;
    private readonly long _bytes, _payloadBytes, _elements;
    private readonly double _encodeSeconds, _decodeSeconds;
    private readonly CodecError _error;

    private CodecMeasurement(ITensorCodec codec, Tensor[] boundary, TimeProvider time)
    {
        _codec = codec.Name;
        _bytes = boundary.Sum(static tensor => (long)tensor.ByteLength);
        _elements = boundary.Sum(static tensor => tensor.Shape.ElementCount);
        var payloads = boundary.Select(tensor => new byte[codec.MaxEncodedLength(tensor.ElementType, tensor.Shape)]).ToArray();
        var decoded = boundary.Select(static tensor => Tensor.Allocate(tensor.ElementType, tensor.Shape)).ToArray();
        var lengths = new int[boundary.Length];
        _encodeSeconds = Seconds(Encode, time);
        _decodeSeconds = Seconds(Decode, time);
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

    /// <summary>Measures a codec on the calling thread.</summary>
    public static CodecMeasurement Of(ITensorCodec codec, Tensor[] boundary, TimeProvider time) => new(codec, boundary, time);

    /// <summary>The line about it.</summary>
    public CodecRow Row(int partition) => new(
        partition, _codec, (double)_bytes / _payloadBytes, _bytes / _encodeSeconds / 1e9, _bytes / _decodeSeconds / 1e9,
        _payloadBytes * 8.0 / _elements, _error.Largest, _error.Psnr);

    private static double Seconds(Action action, TimeProvider time)
    {
        var start = time.GetTimestamp();
        for (var round = 0; round < WarmUpRounds || time.GetElapsedTime(start) < WarmUp; round++) action();
        var rounds = new List<double>();
        start = time.GetTimestamp();
        while (rounds.Count < MinRounds || time.GetElapsedTime(start) < Measuring)
        {
            var began = time.GetTimestamp();
            action();
            rounds.Add(time.GetElapsedTime(began).TotalSeconds);
        }

        return Median.Of(rounds);
    }
}
