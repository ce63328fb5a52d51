namespace QuickStart;

/// <summary>A landscape at dusk: hills below a low sun, with the grain that a camera has in poor light.</summary>
internal static class Picture
{
    /// <summary>Draws it.</summary>
    /// <returns>Rows of pixels; each has a byte for red, green and blue.</returns>
    public static byte[] Draw(int width, int height)
    {
        var random = new Random(7);
        var pixels = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (red, green, blue) = ColourAt((double)x / width, (double)y / height);
                var at = 3 * ((y * width) + x);
                (pixels[at], pixels[at + 1], pixels[at + 2]) = (Grained(red), Grained(green), Grained(blue));
            }
        }

        return pixels;

        byte Grained(double colour) => (byte)Math.Clamp((colour * 0.5) + random.Next(-30, 31), 0, 255);
    }

    private static (double Red, double Green, double Blue) ColourAt(double x, double y)
    {
        if (y > 0.75 + (0.08 * Math.Sin(9 * x))) return (40 + (30 * Math.Sin(80 * x)), 110 + (25 * Math.Sin((60 * x) + (90 * y))), 45);
        if (y > 0.58 + (0.10 * Math.Sin((5 * x) + 2))) return (70, 90 + (60 * (1 - y)), 95);
        if (Math.Pow(x - 0.72, 2) + Math.Pow(y - 0.24, 2) < 0.01) return (255, 225, 120);
        return (110 + (120 * y), 150 + (70 * y), 225);
    }
}
