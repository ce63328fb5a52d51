using System.Globalization;
using Google.Protobuf;
using SplitInfer.Models.Onnx;
using SplitInfer.Tensors;

namespace SplitInfer.Models;

/// <summary>Where the bytes of one tensor lie that has them in another file.</summary>
internal readonly record struct ExternalPart(TensorProto Tensor, string Source, string Location, long Offset, long? Length)
{
    /// <summary>Reads the location that a tensor states.</summary>
    /// <exception cref="ModelFormatException">A number is none.</exception>
    public static ExternalPart Of(TensorProto tensor, string source)
    {
        var part = new ExternalPart(tensor, source, "", 0, null);
        foreach (var entry in tensor.ExternalData)
        {
            part = entry.Key switch
            {
                "location" => part with { Location = entry.Value },
                "offset" => part with { Offset = part.Number(entry) },
                "length" => part with { Length = part.Number(entry) },
                _ => part,
            };
        }

        return part;
    }

    /// <summary>An error that is about this tensor.</summary>
    public ModelFormatException Error(string problem, string advice) => new(Source, $"the external data of tensor '{Tensor.Name}' {problem}", advice);

    /// <summary>Checks that the part is within its file.</summary>
    /// <returns>Its bytes, as the tensor's type and dimensions say.</returns>
    /// <exception cref="ModelFormatException">It does not.</exception>
    public long CheckWithin(long fileLength)
    {
        var bytes = ByteSize();
        var needed = Math.Max(Length ?? 0, bytes);
        if (Offset > fileLength || needed > fileLength - Offset)
            throw Error($"takes {needed} bytes from byte {Offset} of '{Location}', which has {fileLength}", "Copy the external data again, whole.");
        return bytes;
    }

    /// <summary>Copies the bytes into the tensor, which then has no external data. Not if type and length do not determine the contents.</summary>
    public bool TryTakeIn(Stream file, int bytes)
    {
        if (!((ElementType)Tensor.DataType).HasFixedSize() || (Length ?? bytes) != bytes) return false;
        TakeIn(file, bytes);
        return true;
    }

    /// <summary>Copies so many bytes into the tensor, which then has no external data.</summary>
    public void TakeIn(Stream file, int bytes)
    {
        var content = new byte[bytes];
        if (bytes > 0)
        {
            file.Position = Offset;
            file.ReadExactly(content);
        }

        Hold(content);
    }

    /// <summary>Copies bytes that were read from the file already into the tensor, which then has no external data.</summary>
    public void TakeIn(ReadOnlySpan<byte> bytes) => Hold(bytes.ToArray());

    private void Hold(byte[] content)
    {
        Tensor.RawData = UnsafeByteOperations.UnsafeWrap(content);
        Tensor.ClearDataLocation();
        Tensor.ExternalData.Clear();
    }

    private long ByteSize()
    {
        try
        {
            return ((ElementType)Tensor.DataType).ByteSize(new TensorShape([.. Tensor.Dims]).ElementCount);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException)
        {
            throw Error($"has dimensions {string.Join('×', Tensor.Dims)}", "Export the model again.");
        }
    }

    private long Number(StringStringEntryProto entry) =>
        long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Error($"has {entry.Key} '{entry.Value}', which is not a count of bytes", "Export the model again.");
}
