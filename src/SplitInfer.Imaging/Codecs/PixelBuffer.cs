using SkiaSharp;

namespace SplitInfer.Imaging.Codecs;

/// <summary>
/// The pixels of a picture as SkiaSharp takes them: one byte each for grey, else red, green, blue and one that is not used. WebP has no grey; it gets three equal
/// colours. Elements are taken and given channel by channel, as a tensor has them.
/// </summary>
internal readonly ref struct PixelBuffer
{
    private const int ColorBytes = 4, Opacity = 3;

    // Two zeros differ by the least number; this one takes a zero and the smallest number of the other sign, and then costs the picture.
    private const int NotSeen = int.MinValue + 1;

    private readonly PictureSize _size;
    private readonly bool _isBgr;

    /// <summary>Lays pixels out in memory that is at least as large as <see cref="BytesOf"/> says.</summary>
    public PixelBuffer(ImageCodec codec, PictureSize size, Span<byte> memory)
    {
        (_size, _isBgr, PixelBytes) = (size, codec.Pixels.Channels == ChannelOrder.Bgr, PixelBytesOf(codec, size));
        Bytes = memory[..BytesOf(codec, size)];
    }

    /// <summary>Bytes of a pixel.</summary>
    public int PixelBytes { get; }

    /// <summary>All pixels, row after row from the top.</summary>
    public Span<byte> Bytes { get; }

    /// <summary>What SkiaSharp is told of them. Without a colour space it keeps the numbers as they are.</summary>
    public SKImageInfo Info => new(_size.Width, _size.Height, PixelBytes == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);

    /// <summary>Bytes that the pixels of a picture take.</summary>
    public static int BytesOf(ImageCodec codec, PictureSize size) => size.Pixels * PixelBytesOf(codec, size);

    /// <summary>Takes elements that are bytes themselves.</summary>
    public void Take(ReadOnlySpan<byte> tensor)
    {
        for (var channel = 0; channel < _size.Channels; channel++)
        {
            var (from, to) = (channel * _size.ChannelStep, PlaceOf(channel));
            for (var pixel = 0; pixel < _size.Pixels; pixel++, from += _size.PixelStep, to += PixelBytes) Bytes[to] = tensor[from];
        }

        Complete();
    }

    /// <summary>Takes the bytes that are nearest to elements.</summary>
    /// <returns>Whether all are near one.</returns>
    public bool TryTake(ReadOnlySpan<float> tensor, ValueTable values)
    {
        for (var channel = 0; channel < _size.Channels; channel++)
        {
            var (from, to) = (channel * _size.ChannelStep, PlaceOf(channel));
            for (var pixel = 0; pixel < _size.Pixels; pixel++, from += _size.PixelStep, to += PixelBytes)
            {
                var level = values.Nearest(channel, tensor[from]);
                if (level < 0) return false;
                Bytes[to] = (byte)level;
            }
        }

        Complete();
        return true;
    }

    /// <summary>Takes the bytes of which elements were made.</summary>
    /// <param name="tensor">The elements.</param>
    /// <param name="values">What the mapping makes of bytes.</param>
    /// <param name="differences">For each byte in each channel, how the bits of its elements differ from that.</param>
    /// <param name="isExact">Whether none does.</param>
    /// <returns>Whether each byte has one element only, so that every bit can be given back.</returns>
    public bool TryTakeExactly(ReadOnlySpan<float> tensor, ValueTable values, Span<int> differences, out bool isExact)
    {
        isExact = true;
        differences.Fill(NotSeen);
        for (var channel = 0; channel < _size.Channels; channel++)
        {
            var expected = values.Of(channel);
            var seen = differences.Slice(channel * ValueTable.Levels, ValueTable.Levels);
            var (from, to) = (channel * _size.ChannelStep, PlaceOf(channel));
            for (var pixel = 0; pixel < _size.Pixels; pixel++, from += _size.PixelStep, to += PixelBytes)
            {
                var level = values.Nearest(channel, tensor[from]);
                if (level < 0) return false;
                var difference = unchecked(BitConverter.SingleToInt32Bits(tensor[from]) - BitConverter.SingleToInt32Bits(expected[level]));
                if (difference == NotSeen) return false;
                if (seen[level] != difference)
                {
                    if (seen[level] != NotSeen) return false;
                    seen[level] = difference;
                    isExact &= difference == 0;
                }

                Bytes[to] = (byte)level;
            }
        }

        differences.Replace(NotSeen, 0);
        Complete();
        return true;
    }

    /// <summary>Gives bytes as elements.</summary>
    public void Give(Span<byte> tensor)
    {
        for (var channel = 0; channel < _size.Channels; channel++)
        {
            var (to, from) = (channel * _size.ChannelStep, PlaceOf(channel));
            for (var pixel = 0; pixel < _size.Pixels; pixel++, to += _size.PixelStep, from += PixelBytes) tensor[to] = Bytes[from];
        }
    }

    /// <summary>Gives what the mapping, with corrections, makes of bytes.</summary>
    public void Give(Span<float> tensor, ValueTable values, ReadOnlySpan<int> differences)
    {
        Span<float> elements = stackalloc float[ValueTable.Levels];
        for (var channel = 0; channel < _size.Channels; channel++)
        {
            values.Of(channel).CopyTo(elements);
            for (var level = 0; level < elements.Length; level++)
                elements[level] = BitConverter.Int32BitsToSingle(unchecked(BitConverter.SingleToInt32Bits(elements[level]) + differences[(channel * ValueTable.Levels) + level]));
            var (to, from) = (channel * _size.ChannelStep, PlaceOf(channel));
            for (var pixel = 0; pixel < _size.Pixels; pixel++, to += _size.PixelStep, from += PixelBytes) tensor[to] = elements[Bytes[from]];
        }
    }

    private static int PixelBytesOf(ImageCodec codec, PictureSize size) => size.Channels == 1 && codec.Format != ImageFormat.WebP ? 1 : ColorBytes;

    /// <summary>Where the colour of a channel lies in a pixel.</summary>
    private int PlaceOf(int channel) => _isBgr && _size.Channels > 1 ? _size.Channels - 1 - channel : channel;

    /// <summary>Fills what no channel fills.</summary>
    private void Complete()
    {
        if (PixelBytes == 1) return;
        for (var pixel = 0; pixel < Bytes.Length; pixel += ColorBytes)
        {
            if (_size.Channels == 1) Bytes.Slice(pixel, Opacity).Fill(Bytes[pixel]);
            Bytes[pixel + Opacity] = byte.MaxValue;
        }
    }
}
