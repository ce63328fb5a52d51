using System.Text;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Fuzzing.Files;

/// <summary>The reader of NumPy's files.</summary>
internal sealed class NpyTarget() : FileTarget("x.npy")
{
    public override string Name => "npy";

    protected override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. ((ElementType[])[ElementType.Float32, ElementType.Float64, ElementType.Int64, ElementType.UInt8, ElementType.Bool, ElementType.Float16]).Select(static type => Of(RandomTensor.Normal(new Random(1), type, 2, 3))),
        Of(RandomTensor.Normal(new Random(2), ElementType.Float32)),
        .. ((string[])["{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }", "{'shape': (4,), 'descr': '<c8', 'fortran_order': False}"]).Select(static header => (byte[])
        [
            0x93, .. "NUMPY"u8, 2, 0, (byte)header.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[32],
        ]),
    ];

    public override bool Documents(Exception error) => error is InvalidTensorException;

    protected override string Read(string path)
    {
        using var tensor = NpyFile.Read(path);
        return tensor.ToString();
    }

    private static byte[] Of(TensorValue tensor)
    {
        using (tensor) return Written(path => NpyFile.Write(path, tensor), "x.npy");
    }
}
