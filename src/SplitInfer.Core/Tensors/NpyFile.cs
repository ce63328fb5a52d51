using System.Buffers.Binary;
using System.Text;

namespace SplitInfer.Tensors;

/// <summary>
/// Reads and writes tensors in NumPy's <c>.npy</c> format, versions 1 to 3: booleans, integers, binary16 to binary64 and complex
/// numbers. Arrays in Fortran order and big-endian ones are converted while they are read. Thread-safe.
/// </summary>
public static class NpyFile
{
    private const int MagicLength = 8;

    /// <summary>Bytes of the longest header that is read; real ones have about a hundred.</summary>
    private const int MaxHeaderBytes = 1 << 16;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads one array.</summary>
    /// <exception cref="InvalidTensorException">The file is not a whole <c>.npy</c> file, or its element type is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TensorValue Read(string path)
    {
        using var file = PlainFile.Open(path);
        return Read(file, path);
    }

    /// <summary>Reads one array of a file that is open.</summary>
    /// <exception cref="InvalidTensorException">As where it is read by its path, which is named.</exception>
    internal static TensorValue Read(FileStream file, string path)
    {
        try
        {
            return Read(file);
        }
        catch (InvalidTensorException error)
        {
            throw new InvalidTensorException($"'{path}' cannot be read as a .npy file: {error.Message}", error);
        }
    }

    /// <summary>Writes <paramref name="tensor"/> in C order, replacing the file.</summary>
    /// <exception cref="NotSupportedException">NumPy has no such element type.</exception>
    public static void Write(string path, TensorValue tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var header = NpyHeader.For(tensor).ToBytes();
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
        // The header is padded so that the elements start at a multiple of 64 bytes.
        var padding = -(MagicLength + 2 + header.Length + 1) & 63;
        Span<byte> start = [.. Magic, 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(start[MagicLength..], checked((ushort)(header.Length + padding + 1)));
        file.Write(start);
        file.Write(header);
        file.Write(Encoding.ASCII.GetBytes(new string(' ', padding) + "\n"));
        file.Write(tensor.Bytes.Span);
    }

    /// <summary>Reads one array that fills the rest of a seekable stream.</summary>
    internal static TensorValue Read(Stream stream)
    {
        var header = NpyHeader.Parse(ReadHeader(stream));
        var left = stream.Length - stream.Position;
        // An element takes at least one byte, so the size of an accepted count does not overflow.
        if (header.Shape.ElementCount > left || header.Type.ByteSize(header.Shape.ElementCount) != left)
            throw new InvalidTensorException($"{left} bytes of elements are there, which is not what a {header.Type.DisplayName()} array of shape {header.Shape} takes.");
        if (left > TensorBufferPool.MaxBytes) throw new InvalidTensorException($"{left} bytes of elements are more than the {TensorBufferPool.MaxBytes} of the largest tensor. Save a part of the array.");

        var tensor = TensorValue.Allocate(header.Type, header.Shape);
        try
        {
            stream.ReadExactly(tensor.Bytes.Span);
            if (header.IsBigEndian) ElementOrder.SwapEndianness(tensor);
            return header.IsFortranOrder ? ElementOrder.FromFortran(tensor) : tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static string ReadHeader(Stream stream)
    {
        Span<byte> start = stackalloc byte[MagicLength + 4];
        if (stream.ReadAtLeast(start[..MagicLength], MagicLength, throwOnEndOfStream: false) < MagicLength || !start.StartsWith(Magic))
            throw new InvalidTensorException("it does not start as one.");
        int version = start[6];
        if (version is < 1 or > 3)
            throw new InvalidTensorException($"version {version} of the format is not known here; save the array with numpy.save.");

        var lengthBytes = version == 1 ? 2 : 4;
        var length = start.Slice(MagicLength, lengthBytes);
        if (stream.ReadAtLeast(length, lengthBytes, throwOnEndOfStream: false) < lengthBytes)
            throw new InvalidTensorException("it ends within the header.");
        long headerBytes = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(length) : BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (headerBytes > MaxHeaderBytes || headerBytes > stream.Length - stream.Position)
            throw new InvalidTensorException($"it claims a header of {headerBytes} bytes; it is truncated or damaged.");
        var header = new byte[headerBytes];
        stream.ReadExactly(header);
        return Encoding.UTF8.GetString(header);
    }
}
