using SplitInfer.Codecs;
using SplitInfer.Tensors;
using SplitInfer.Testing.Memory;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>The decoder of one codec, between guard pages. Its first byte says which tensor is decoded.</summary>
internal sealed class CodecTarget : FuzzTarget
{
    private const int RoomBytes = 1 << 16;

    private static readonly (ElementType Type, TensorShape Shape)[] Tensors =
    [
        (ElementType.Float32, new(1, 1, 64)), (ElementType.Float32, new(1, 11, 100)), (ElementType.Float32, new(2, 3, 5, 7)), (ElementType.Float32, new(1)),
        (ElementType.Float16, new(257)), (ElementType.Float64, new(33)), (ElementType.Int64, new(70)), (ElementType.UInt8, new(900)), (ElementType.Int4, new(33)), (ElementType.Float32, new(0, 4)),
    ];

    private readonly ITensorCodec _codec;
    private readonly GuardedMemory _payload = new(RoomBytes);
    private readonly GuardedMemory _tensor = new(RoomBytes);
    private readonly byte[] _first = new byte[RoomBytes];

    public CodecTarget(ITensorCodec codec)
    {
        _codec = codec;
        Seeds = [.. Enumerable.Range(0, 3 * Tensors.Length).Select(i => Encode(i % Tensors.Length, i / Tensors.Length))];
    }

    public override string Name => $"codec-{_codec.Name}";

    // A payload is its bytes, or it is not.
    public override int LeastOutcomes => 2;

    protected override IReadOnlyList<byte[]> Seeds { get; }

    public override bool Documents(Exception error) => error is InvalidPayloadException;

    public override string Take(byte[] input)
    {
        if (input.Length == 0) return "nothing";
        var which = input[0] % Tensors.Length;
        var (type, shape) = Tensors[which];
        var bytes = (int)type.ByteSize(shape.ElementCount);
        var payload = _payload.AtEnd(input.Length - 1);
        input.AsSpan(1).CopyTo(payload);
        var tensor = _tensor.AtEnd(bytes);
        // What memory held before, perhaps of another request, must not show in a tensor.
        tensor.Fill(0x55);
        _codec.Decode(type, shape, payload, tensor);
        tensor.CopyTo(_first);
        tensor.Fill(0xAA);
        _codec.Decode(type, shape, payload, tensor);
        if (!tensor.SequenceEqual(_first.AsSpan(0, bytes))) throw new FuzzFindException("What the memory held before shows in the tensor.");
        return $"tensor {which}";
    }

    protected override void Release()
    {
        _payload.Dispose();
        _tensor.Dispose();
    }

    private byte[] Encode(int which, int look)
    {
        var (type, shape) = Tensors[which];
        var random = new Random(which + look);
        var tensor = new byte[type.ByteSize(shape.ElementCount)];
        for (var at = 0; at + 4 <= tensor.Length; at += 4)
        {
            // Many zeros, as behind a Relu; one value; anything.
            var number = look switch { 0 => Math.Max(0, (float)(random.NextDouble() - 0.5)), 1 => 1.5f, _ => BitConverter.Int32BitsToSingle(random.Next()) };
            BitConverter.TryWriteBytes(tensor.AsSpan(at), number);
        }

        var payload = new byte[_codec.MaxEncodedLength(type, shape)];
        var written = _codec.Encode(type, shape, tensor, payload);
        return [(byte)which, .. payload.AsSpan(0, written)];
    }
}
