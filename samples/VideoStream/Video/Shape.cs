namespace VideoStream.Video;

/// <summary>A disc or a box of one colour on its way across the picture, in pixels and pixels a frame.</summary>
internal sealed class Shape
{
    private readonly bool _isDisc;
    private readonly double _radius;
    private readonly byte[] _colour = new byte[3];
    private double _y;
    private double _x;
    private double _down;
    private double _across;

    private Shape(Random random, int height, int width)
    {
        (_isDisc, _radius) = (random.Next(2) == 0, height * (0.05 + 0.08 * random.NextDouble()));
        (_y, _x) = (random.NextDouble() * height, random.NextDouble() * width);
        (_down, _across) = (Speed(), Speed());
        random.NextBytes(_colour);

        double Speed() => (random.NextDouble() - 0.5) * height / 30;
    }

    public static Shape At(Random random, int height, int width) => new(random, height, width);

    public void Move(int height, int width)
    {
        (_y, _x) = (_y + _down, _x + _across);
        if (_y < 0 || _y >= height) _down = -_down;
        if (_x < 0 || _x >= width) _across = -_across;
    }

    public void Draw(byte[] rgb, int height, int width)
    {
        var (top, bottom) = ((int)Math.Max(0, _y - _radius), (int)Math.Min(height - 1, _y + _radius));
        var (left, right) = ((int)Math.Max(0, _x - _radius), (int)Math.Min(width - 1, _x + _radius));
        for (var y = top; y <= bottom; y++)
            for (var x = left; x <= right; x++)
                if (!_isDisc || (y - _y) * (y - _y) + (x - _x) * (x - _x) <= _radius * _radius)
                    _colour.CopyTo(rgb, 3 * (y * width + x));
    }
}
