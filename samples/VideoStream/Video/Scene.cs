namespace VideoStream.Video;

/// <summary>A textured wall with a few discs and boxes that drift across it and bounce off its edges.</summary>
internal sealed class Scene
{
    private readonly int _height;
    private readonly int _width;
    private readonly byte[] _wall;
    private readonly Shape[] _shapes;

    public Scene(Random random, int height, int width)
    {
        (_height, _width) = (height, width);
        _wall = Wall(random, height, width);
        _shapes = [.. Enumerable.Range(0, random.Next(3, 7)).Select(_ => Shape.At(random, height, width))];
    }

    /// <summary>Moves the shapes on and takes a picture.</summary>
    public VideoFrame Next()
    {
        var rgb = (byte[])_wall.Clone();
        foreach (var shape in _shapes)
        {
            shape.Move(_height, _width);
            shape.Draw(rgb, _height, _width);
        }

        return new(_height, _width, rgb);
    }

    /// <summary>Waves of random direction and length in every colour, and some grain.</summary>
    private static byte[] Wall(Random random, int height, int width)
    {
        var rgb = new byte[height * width * 3];
        for (var colour = 0; colour < 3; colour++)
        {
            var (level, down, across, phase) = (random.Next(60, 190), Frequency(), Frequency(), random.NextDouble() * Math.Tau);
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    rgb[3 * (y * width + x) + colour] = (byte)(level + 40 * Math.Sin(down * y + across * x + phase) + random.Next(-12, 13));
        }

        return rgb;

        double Frequency() => (random.NextDouble() - 0.5) * 0.5;
    }
}
