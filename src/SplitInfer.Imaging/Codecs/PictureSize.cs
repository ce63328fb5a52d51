using SplitInfer.Tensors;

namespace SplitInfer.Imaging.Codecs;

/// <summary>A tensor that is a picture: how large, of how many channels, and where its elements lie.</summary>
internal readonly record struct PictureSize
{
    // What the formats can hold at most, of pixels and of a side; JPEG's library stops before the 65,535 of the format.
    private const long MostPixels = 500_000_000;
    private const int LongestSide = 65_500, LongestSideOfWebP = 16_383;

    /// <summary>Pixels of a row.</summary>
    public required int Width { get; init; }

    /// <summary>Rows.</summary>
    public required int Height { get; init; }

    /// <summary>1 for grey, 3 for colours.</summary>
    public required int Channels { get; init; }

    /// <summary>The type of the elements.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Elements from a pixel to the next.</summary>
    public required int PixelStep { get; init; }

    /// <summary>Elements from a channel to the next.</summary>
    public required int ChannelStep { get; init; }

    /// <summary>Pixels in all.</summary>
    public int Pixels => Width * Height;

    /// <summary>Looks at a tensor.</summary>
    /// <returns>False where it is not 1×3×H×W, 1×1×H×W, 1×H×W×3 or 1×H×W×1 as the mapping says, of the mapping's type, or where the format holds no picture as large.</returns>
    public static bool TryCreate(PixelMapping mapping, ImageFormat format, ElementType type, TensorShape shape, out PictureSize size)
    {
        size = default;
        if (type != mapping.ElementType || shape.Dimensions is not [1, var second, var third, var fourth]) return false;
        var isFirst = mapping.Layout == ImageLayout.Nchw;
        var (channels, height, width) = isFirst ? (second, third, fourth) : (fourth, second, third);
        var longest = format == ImageFormat.WebP ? LongestSideOfWebP : LongestSide;
        if (channels is not (1 or 3) || height < 1 || width < 1 || height > longest || width > longest || height * width > MostPixels) return false;
        size = new()
        {
            Width = (int)width,
            Height = (int)height,
            Channels = (int)channels,
            Type = type,
            PixelStep = isFirst ? 1 : (int)channels,
            ChannelStep = isFirst ? (int)(width * height) : 1,
        };
        return true;
    }
}
