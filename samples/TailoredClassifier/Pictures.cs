using SplitInfer.Imaging;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace TailoredClassifier;

/// <summary>The pictures of a folder, or drawn ones, as a model takes them: what ranges are taken from, variants are judged by, and requests are made with.</summary>
internal sealed class Pictures(TensorValue[] pictures) : ISampleSource, IDisposable
{
    private const int Drawn = 48;

    public int Count => pictures.Length;

    /// <summary>One of them, which stays this object's.</summary>
    public TensorValue this[int index] => pictures[index % pictures.Length];

    /// <summary>Reads or draws them.</summary>
    /// <param name="folder">A folder with photographs; null for drawn ones.</param>
    /// <param name="preprocessing">What the model takes.</param>
    /// <exception cref="ArgumentException">There are no photographs in the folder.</exception>
    public static Pictures Of(string? folder, ImagePreprocessing preprocessing) => All(folder, preprocessing) is { Length: > 0 } pictures ? new(pictures) : throw new ArgumentException($"There are no photographs in '{folder}'; it takes .jpg, .png and .webp.");

    private static TensorValue[] All(string? folder, ImagePreprocessing preprocessing) => folder is null
        ? [.. Enumerable.Range(0, Drawn).Select(seed => preprocessing.FromPixels(Draw(seed, 224), 224, 224, PixelFormat.Rgb24))]
        : [.. Directory.EnumerateFiles(folder).Where(static file => Path.GetExtension(file).ToUpperInvariant() is ".JPG" or ".JPEG" or ".PNG" or ".WEBP").Order(StringComparer.Ordinal).Select(preprocessing.Load)];

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => [pictures[sample].Share()];

    public void Dispose()
    {
        foreach (var picture in pictures) picture.Dispose();
    }

    // Discs of some colours before a background that grows lighter: enough that no two pictures are alike.
    private static byte[] Draw(int seed, int size)
    {
        var random = new Random(seed);
        var discs = Enumerable.Range(0, random.Next(1, 9)).Select(_ => (X: random.Next(size), Y: random.Next(size), Radius: random.Next(8, size / 2), Colour: random.Next(1 << 24))).ToArray();
        var (pixels, background) = (new byte[size * size * 3], random.Next(1 << 24));
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                var colour = background;
                foreach (var disc in discs)
                    if (Math.Pow(x - disc.X, 2) + Math.Pow(y - disc.Y, 2) < disc.Radius * disc.Radius) colour = disc.Colour;
                for (var channel = 0; channel < 3; channel++) pixels[(3 * ((y * size) + x)) + channel] = (byte)Math.Clamp(((colour >> (8 * channel)) & 255) + random.Next(-20, 21) + (y / 4), 0, 255);
            }
        }

        return pixels;
    }
}
