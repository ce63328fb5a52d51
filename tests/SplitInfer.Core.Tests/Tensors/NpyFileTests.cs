using System.Text;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Tensors;

public sealed class NpyFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<ElementType> NumPyTypes =>
    [
        ElementType.Bool, ElementType.UInt8, ElementType.Int8, ElementType.UInt16, ElementType.Int16, ElementType.UInt32, ElementType.Int32,
        ElementType.UInt64, ElementType.Int64, ElementType.Float16, ElementType.Float32, ElementType.Float64, ElementType.Complex64, ElementType.Complex128,
    ];

    [Theory]
    [MemberData(nameof(NumPyTypes))]
    public void What_is_written_is_read_back(ElementType type) => Sampled.Check(seed: 1, count: 20, random =>
    {
        using var tensor = RandomTensor.Bits(random, type, Sampled.Shape(random));
        NpyFile.Write(_folder["x.npy"], tensor);
        using var read = NpyFile.Read(_folder["x.npy"]);
        Assert.Equal(tensor.Shape, read.Shape);
        Assert.True(TensorDifference.Between(tensor, read).IsBitExact);
    });

    [Fact]
    public void An_array_of_more_than_2_GiB_is_refused_without_taking_memory_for_it()
    {
        using var folder = new TestFolder();
        var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3000000000,), }"u8;
        using (var file = File.Create(folder["x.npy"]))
        {
            file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
            file.SetLength(file.Position + 3_000_000_000);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("largest tensor", Assert.Throws<InvalidTensorException>(() => NpyFile.Read(folder["x.npy"])).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void The_header_is_the_one_that_NumPy_writes()
    {
        using var tensor = TensorValue.From<float>([1, 2], 2);
        NpyFile.Write(_folder["x.npy"], tensor);
        var bytes = File.ReadAllBytes(_folder["x.npy"]);
        Assert.Equal("93-4E-55-4D-50-59-01-00-76-00", BitConverter.ToString(bytes, 0, 10));
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".PadRight(117) + "\n", Encoding.ASCII.GetString(bytes, 10, 118));
        Assert.Equal(128 + 8, bytes.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_version_of_the_format_is_read(byte version)
    {
        using var read = Read(Npy("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }", [1, 0, 2, 0, 3, 0], version));
        Assert.Equal<short>([1, 2, 3], read.Span<short>().ToArray());
    }

    [Fact]
    public void Fortran_order_is_converted()
    {
        using var read = Read(Npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [0, 10, 1, 11, 2, 12]));
        Assert.Equal<byte>([0, 1, 2, 10, 11, 12], read.Span<byte>().ToArray());
    }

    [Fact]
    public void Big_endian_numbers_are_swapped()
    {
        using var integers = Read(Npy("{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", [0, 0, 1, 2, 0xFF, 0xFF, 0xFF, 0xFE]));
        Assert.Equal<int>([0x102, -2], integers.Span<int>().ToArray());
        using var complex = Read(Npy("{'descr': '>c8', 'fortran_order': False, 'shape': (), }", [0x3F, 0x80, 0, 0, 0x40, 0, 0, 0]));
        Assert.Equal<float>([1, 2], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(complex.Bytes.Span).ToArray());
    }

    [Theory]
    [InlineData("{'descr': '<U5', 'fortran_order': False, 'shape': (1,), }", "not read")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "structured")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9), }", "not one that an array can have")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "not one that an array can have")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2305843009213693951,), }", "bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,), }", "bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "4 bytes of elements")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (), }trailing", null)]
    [InlineData("{'descr': '<f4', 'shape': (1,), }", "fortran_order")]
    [InlineData("", "descr")]
    public void A_header_that_lies_is_refused_in_words(string header, string? because)
    {
        var file = Npy(header, [0, 0, 0, 0]);
        if (because is null) Read(file).Dispose();
        else Assert.Contains(because, Assert.Throws<InvalidTensorException>(() => Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        using var tensor = TensorValue.From<float>([1, 2, 3], 3);
        NpyFile.Write(_folder["x.npy"], tensor);
        var whole = File.ReadAllBytes(_folder["x.npy"]);
        for (var length = 0; length < whole.Length; length++) Assert.Throws<InvalidTensorException>(() => Read(whole[..length]));
    }

    [Fact]
    public void Damaged_headers_never_break_the_reader() => Sampled.Check(seed: 2, count: 500, random =>
    {
        var file = Npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", new byte[8]);
        for (var i = 0; i < 4; i++) file[random.Next(file.Length)] = (byte)random.Next(256);
        try
        {
            Read(file).Dispose();
        }
        catch (InvalidTensorException) { }
    });

    [Fact]
    public void The_message_names_the_file()
    {
        File.WriteAllText(_folder["not.npy"], "hello, this is text");
        Assert.Contains(_folder["not.npy"], Assert.Throws<InvalidTensorException>(() => NpyFile.Read(_folder["not.npy"])).Message, StringComparison.Ordinal);
    }

    [SharedFact]
    public void The_photographs_are_read()
    {
        using var images = NpyFile.Read(SharedData.Data("imagenet200_nhwc_u8.npy"));
        Assert.Equal("uint8 200×224×224×3", images.ToString());
    }

    private static TensorValue Read(byte[] file) => NpyFile.Read(new MemoryStream(file));

    private static byte[] Npy(string header, byte[] elements, byte version = 1)
    {
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. Encoding.ASCII.GetBytes(header), .. elements];
    }
}
