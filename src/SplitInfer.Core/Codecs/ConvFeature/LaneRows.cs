using SplitInfer.Tensors;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>The rows of a group's lanes as binary32: in the tensor, or in scratch where its elements are of another type.</summary>
/// <param name="layout">How lanes lie in the tensor.</param>
/// <param name="type">A floating-point type.</param>
/// <param name="tensor">The elements, pinned by the caller.</param>
/// <param name="scratch">Room for <see cref="ScratchLength"/>, pinned by the caller.</param>
/// <param name="starts">Room for a number for each lane, pinned by the caller.</param>
internal readonly unsafe struct LaneRows(LaneLayout layout, ElementType type, byte* tensor, float* scratch, int* starts)
{
    private const int Lanes = LaneLayout.Lanes;

    /// <summary>Numbers of scratch.</summary>
    public static int ScratchLength(LaneLayout layout, ElementType type) => type == ElementType.Float32 ? 0 : checked(Lanes * layout.Width);

    /// <summary>Goes on to a group.</summary>
    public void StartGroup(int group)
    {
        var live = layout.LiveLanes(group, 0);
        for (var lane = 0; lane < live; lane++) starts[lane] = layout.Start(group, lane);
    }

    /// <summary>The rows of the live lanes, to be read.</summary>
    public void Read(int row, int live, float** rows)
    {
        Locate(row, live, rows);
        if (type == ElementType.Float32) return;
        for (var lane = 0; lane < live; lane++) FloatingPoint.Read(type, Elements(lane, row), new(rows[lane], layout.Width));
    }

    /// <summary>The rows of the live lanes, to be written and then given to <see cref="Write"/>.</summary>
    public void Locate(int row, int live, float** rows)
    {
        for (var lane = 0; lane < live; lane++)
            rows[lane] = type == ElementType.Float32 ? (float*)tensor + starts[lane] + row * layout.Width : scratch + lane * layout.Width;
    }

    /// <summary>Puts rows of another type into the tensor.</summary>
    public void Write(int row, int live, float** rows)
    {
        if (type == ElementType.Float32) return;
        for (var lane = 0; lane < live; lane++) FloatingPoint.Write(type, new(rows[lane], layout.Width), Elements(lane, row));
    }

    private Span<byte> Elements(int lane, int row)
    {
        var width = type.BitWidth() / 8;
        return new(tensor + (long)(starts[lane] + row * layout.Width) * width, layout.Width * width);
    }
}
