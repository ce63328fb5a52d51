using SplitInfer.Imaging;
using SplitInfer.Tailoring.Calibration;
using SplitInfer.Tensors;

namespace EarlyExits;

/// <summary>What a camera sees that hangs in one place and is turned to a few views, by day and at dusk, with the grain of its sensor. Each picture is drawn when it is read.</summary>
/// <param name="preprocessing">What the model takes.</param>
/// <param name="first">The number of the first picture, so that pictures for making exits are not those for judging them.</param>
/// <param name="count">How many there are.</param>
internal sealed class Views(ImagePreprocessing preprocessing, int first, int count) : ISampleSource
{
    private const int Size = 224, Kinds = 5;

    public int Count => count;

    public TensorValue[] Read(int sample, IReadOnlyList<TensorSpec> inputs) => [preprocessing.FromPixels(Draw(first + sample), Size, Size, PixelFormat.Rgb24)];

    private static byte[] Draw(int number)
    {
        var random = new Random(number);
        var (view, light) = (random.Next(Kinds), 0.7 + (0.5 * random.NextDouble()));
        var pixels = new byte[Size * Size * 3];
        for (var at = 0; at < pixels.Length; at++)
        {
            var (x, y, channel) = (at / 3 % Size, at / 3 / Size, at % 3);
            pixels[at] = (byte)Math.Clamp((light * ColourOf(view, x, y, channel)) + random.Next(-15, 16), 0, 255);
        }

        return pixels;
    }

    private static double ColourOf(int view, int x, int y, int channel) => view switch
    {
        // A fence, a chequered floor, a ball before the sky, waves, and a wall of bricks.
        0 => x % 28 < 14 ? 210 - (20 * channel) : 40 + (30 * channel),
        1 => ((x / 28) + (y / 28)) % 2 == 0 ? 235 : 25,
        2 => Math.Pow(x - 112, 2) + Math.Pow(y - 120, 2) < 3600 ? 230 - (90 * channel) : 120 + (50 * channel),
        3 => 90 + (45 * channel) + (40 * Math.Sin((y / 6.0) + (2 * Math.Sin(x / 20.0)))),
        _ => y % 20 < 2 || (x + (y / 20 % 2 * 20)) % 40 < 2 ? 190 : 150 - (45 * channel),
    };
}
