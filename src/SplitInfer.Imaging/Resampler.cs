using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace SplitInfer.Imaging;

/// <summary>Resizes and crops a picture, one row of the tensor after the other. A pixel is one vector, so that its colours are computed together.</summary>
internal static class Resampler
{
    /// <summary>Takes the pixels of the resized picture.</summary>
    internal interface ITarget
    {
        /// <summary>Takes one pixel: red, green, blue from 0 to 255, and one number that is not used.</summary>
        void Write(int x, int y, Vector128<float> pixel);
    }

    /// <summary>Resizes and crops.</summary>
    public static void Run<TTarget>(PixelImage image, ImagePreprocessing options, TTarget target) where TTarget : struct, ITarget
    {
        var (width, height) = ResizedSize(image.Width, image.Height, options);
        // Halves round to even, as Python's do, so that crops are those of torchvision.
        var columns = new ResampleAxis(image.Width, width, (long)Math.Round((width - options.Width) / 2.0), options.Width);
        var rows = new ResampleAxis(image.Height, height, (long)Math.Round((height - options.Height) / 2.0), options.Height);
        var row = new Vector128<float>[columns.Length];
        for (var y = 0; y < options.Height; y++)
        {
            Array.Clear(row);
            var weights = rows.Weights(y);
            for (var tap = 0; tap < weights.Length; tap++) Add(image, rows.Start(y) + tap, weights[tap], columns.First, row);
            for (var x = 0; x < options.Width; x++) target.Write(x, y, Sum(row.AsSpan(columns.Start(x) - columns.First), columns.Weights(x)));
        }
    }

    /// <summary>The size that a picture is brought to before it is cropped; of a very long one, more pixels than could be stored, of which only those are made that are kept.</summary>
    internal static (long Width, long Height) ResizedSize(int width, int height, ImagePreprocessing options)
    {
        if (options.Resize == ImageResize.Stretch) return (options.Width, options.Height);
        if (options.ShorterSide is { } side) return width <= height ? (side, (long)side * height / width) : ((long)side * width / height, side);
        return (long)width * options.Height >= (long)height * options.Width
            ? ((long)options.Height * width / height, options.Height)
            : (options.Width, (long)options.Width * height / width);
    }

    private static void Add(PixelImage image, int y, float weight, int first, Span<Vector128<float>> row)
    {
        var pixels = MemoryMarshal.Cast<byte, uint>(image.Pixels.AsSpan()).Slice((y * image.Width) + first, row.Length);
        for (var x = 0; x < row.Length; x++) row[x] += Widen(pixels[x]) * weight;
    }

    private static Vector128<float> Sum(ReadOnlySpan<Vector128<float>> pixels, ReadOnlySpan<float> weights)
    {
        var sum = Vector128<float>.Zero;
        for (var tap = 0; tap < weights.Length; tap++) sum += pixels[tap] * weights[tap];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(uint pixel) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(pixel).AsByte())).AsInt32());
}
