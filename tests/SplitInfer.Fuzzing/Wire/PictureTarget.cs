using SplitInfer.Codecs;
using SplitInfer.Imaging;
using SplitInfer.Imaging.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>The decoder of a codec of pictures, between guard pages. Its first byte says which tensor is decoded.</summary>
internal sealed class PictureTarget : FuzzTarget
{
    private const int RoomBytes = 1 << 16;

    private static readonly TensorShape[] Shapes = [new(1, 3, 40, 60), new(1, 1, 33, 17), new(1, 3, 1, 1), new(1, 3, 8, 200)];

    private readonly ImageCodec _codec;
    private readonly GuardedMemory _payload = new(RoomBytes);
    private readonly GuardedMemory _tensor = new(RoomBytes);

    public PictureTarget(ImageCodec codec)
    {
        _codec = codec;
        Seeds = [.. Enumerable.Range(0, 3 * Shapes.Length).Select(i => Encode(i % Shapes.Length, i / Shapes.Length))];
    }

    public override string Name => _codec.Format.ToString().ToLowerInvariant();

    // As it is, a picture, or refused.
    public override int LeastOutcomes => 3;

    // A bit of each of the libraries that read pictures is not ours, and ends the process where it is wrong.
    public override bool MayCrash => true;

    protected override IReadOnlyList<byte[]> Seeds { get; }

    public override bool Documents(Exception error) => error is InvalidPayloadException;

    public override string Take(byte[] input)
    {
        if (input.Length is 0 or > RoomBytes) return "nothing";
        var which = input[0] % Shapes.Length;
        var payload = _payload.AtEnd(input.Length - 1);
        input.AsSpan(1).CopyTo(payload);
        var tensor = _tensor.AtEnd((int)Shapes[which].ElementCount * sizeof(float));
        // What memory held before, perhaps of another request, must not show in a tensor.
        tensor.Fill(0x55);
        _codec.Decode(ElementType.Float32, Shapes[which], payload, tensor);
        var first = tensor.ToArray();
        tensor.Fill(0xAA);
        _codec.Decode(ElementType.Float32, Shapes[which], payload, tensor);
        if (!tensor.SequenceEqual(first)) throw new FuzzFindException("What the memory held before shows in the tensor.");
        return $"tensor {which} of kind {payload[0]}";
    }

    protected override void Release()
    {
        _payload.Dispose();
        _tensor.Dispose();
    }

    private static float Pick(PerChannel numbers, int channel) => channel switch { 0 => numbers.First, 1 => numbers.Second, _ => numbers.Third };

    private byte[] Encode(int which, int look)
    {
        var (shape, random) = (Shapes[which], new Random((which * 3) + look));
        // Slopes, noise, and one that is no picture.
        var tensor = new byte[shape.ElementCount * sizeof(float)];
        for (var at = 0; at < (int)shape.ElementCount; at++)
        {
            var level = look switch { 0 => at % 251, 1 => random.Next(256), _ => 0.3 + random.Next(256) };
            var channel = at / (int)(shape.Dimensions[2] * shape.Dimensions[3]);
            BitConverter.TryWriteBytes(tensor.AsSpan(at * sizeof(float)), (((float)level * _codec.Pixels.Scale) - Pick(_codec.Pixels.Mean, channel)) / Pick(_codec.Pixels.StandardDeviation, channel));
        }

        var payload = new byte[_codec.MaxEncodedLength(ElementType.Float32, shape)];
        return [(byte)which, .. payload.AsSpan(0, _codec.Encode(ElementType.Float32, shape, tensor, payload))];
    }
}
