using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// How the planes of a tensor lie in lanes, <see cref="Lanes"/> of them side by side. The last two dimensions are a plane. Where there
/// are fewer planes than lanes, planes are cut into horizontal strips; where even rows are too few, the tensor is one column.
/// </summary>
/// <param name="Planes">How many planes there are.</param>
/// <param name="Height">Rows of a plane.</param>
/// <param name="Width">Values of a row.</param>
/// <param name="StripHeight">Rows that a lane holds; the last strip of a plane may have fewer.</param>
/// <param name="Strips">Strips of a plane; above 1 there is only one group.</param>
internal readonly record struct LaneLayout(int Planes, int Height, int Width, int StripHeight, int Strips)
{
    /// <summary>Lanes that are coded side by side.</summary>
    public const int Lanes = 16;

    public static LaneLayout Of(TensorShape shape)
    {
        var count = checked((int)shape.ElementCount);
        if (count == 0) return new(0, 0, 0, 0, 1);
        var dimensions = shape.Dimensions;
        var (planes, height, width) = (1, count, 1);
        if (dimensions.Length >= 2)
        {
            (height, width) = ((int)dimensions[^2], (int)dimensions[^1]);
            planes = count / height / width;
            if ((long)planes * height < Lanes || (long)height * width < Lanes) (planes, height, width) = (1, count, 1);
        }

        if (planes >= Lanes) return new(planes, height, width, height, 1);
        var most = Lanes / planes;
        var stripHeight = (height + most - 1) / most;
        return new(planes, height, width, stripHeight, (height + stripHeight - 1) / stripHeight);
    }

    /// <summary>Groups of lanes, one coded after the other.</summary>
    public int Groups => (Planes * Strips + Lanes - 1) / Lanes;

    /// <summary>Number of values of all lanes, including unused lanes.</summary>
    public long PaddedCount => (long)Groups * StripHeight * Width * Lanes;

    /// <summary>Number of lanes of a group that have values in a row, from the first lane on. The others are not coded.</summary>
    public int LiveLanes(int group, int row)
    {
        var units = row < Height - (Strips - 1) * StripHeight ? Planes * Strips : Planes * (Strips - 1);
        return Math.Min(Lanes, units - group * Lanes);
    }

    /// <summary>Where a lane begins in the tensor. Lanes contain the first strip of every plane, then the second of every plane.</summary>
    public int Start(int group, int lane)
    {
        var (strip, plane) = Math.DivRem(group * Lanes + lane, Planes);
        return (plane * Height + strip * StripHeight) * Width;
    }
}
