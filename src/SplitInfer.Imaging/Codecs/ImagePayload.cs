using System.Runtime.InteropServices;
using SplitInfer.Codecs;
using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Codecs;

/// <summary>What the first byte of a payload says of the rest.</summary>
internal enum PayloadKind : byte
{
    /// <summary>The tensor as it is.</summary>
    Stored,

    /// <summary>A picture.</summary>
    Picture,

    /// <summary>Corrections, then a picture.</summary>
    CorrectedPicture,
}

/// <summary>Turns tensors into pictures and back.</summary>
internal static class ImagePayload
{
    // What SkiaSharp's decoders take beside the pixels, measured and rounded up: tables, and some rows in planes of their own.
    private const long DecoderBytes = 512 << 10, DecoderBytesOfColumn = 256;

    /// <summary>About what decoding takes beside payload and tensor.</summary>
    public static long ScratchBytesOf(ImageCodec codec, PictureSize size) => PixelBuffer.BytesOf(codec, size) + DecoderBytes + (DecoderBytesOfColumn * size.Width);

    /// <summary>Encodes a tensor as a picture, unless it is none or would become no smaller.</summary>
    public static bool TryEncode(ImageCodec codec, ValueTable values, PictureSize size, ReadOnlySpan<byte> tensor, Span<byte> payload, out int length)
    {
        length = 0;
        var buffer = TensorBufferPool.Shared.Rent(PixelBuffer.BytesOf(codec, size));
        try
        {
            Span<int> differences = stackalloc int[size.Channels * ValueTable.Levels];
            var isExact = true;
            var pixels = new PixelBuffer(codec, size, buffer.Memory.Span);
            if (size.Type == ElementType.UInt8) pixels.Take(tensor);
            else if (codec.IsLossless ? !pixels.TryTakeExactly(MemoryMarshal.Cast<byte, float>(tensor), values, differences, out isExact) : !pixels.TryTake(MemoryMarshal.Cast<byte, float>(tensor), values)) return false;
            payload[0] = (byte)(isExact ? PayloadKind.Picture : PayloadKind.CorrectedPicture);
            length = 1;
            if (!isExact)
            {
                length += Corrections.Write(differences, payload[1..]);
                if (length == 1) return false;
            }

            if (!PictureCoder.TryEncode(codec, pixels, payload[length..], out var written)) return false;
            length += written;
            return length < payload.Length;
        }
        finally
        {
            buffer.Release();
        }
    }

    /// <summary>Decodes a picture that may be anything.</summary>
    /// <exception cref="InvalidPayloadException">It is none that <see cref="TryEncode"/> makes.</exception>
    public static void Decode(ImageCodec codec, ValueTable values, PictureSize size, PayloadKind kind, ReadOnlySpan<byte> payload, Span<byte> tensor)
    {
        Span<int> differences = stackalloc int[size.Channels * ValueTable.Levels];
        if (kind == PayloadKind.CorrectedPicture && codec.IsLossless && size.Type == ElementType.Float32) payload = payload[Corrections.Read(codec.Name, payload, differences)..];
        else if (kind == PayloadKind.Picture) differences.Clear();
        else throw new InvalidPayloadException(codec.Name, $"a {size.Type.DisplayName()} tensor is of kind {(int)kind}");
        // The header is held against the size that is due before memory is taken.
        if (PictureHeader.FaultOf(codec.Format, payload, size) is { } fault) throw new InvalidPayloadException(codec.Name, fault);
        var buffer = TensorBufferPool.Shared.Rent(PixelBuffer.BytesOf(codec, size));
        try
        {
            var pixels = new PixelBuffer(codec, size, buffer.Memory.Span);
            PictureCoder.Decode(codec, payload, pixels);
            if (size.Type == ElementType.UInt8) pixels.Give(tensor);
            else pixels.Give(MemoryMarshal.Cast<byte, float>(tensor), values, differences);
        }
        finally
        {
            buffer.Release();
        }
    }
}
