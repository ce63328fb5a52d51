using System.Runtime.CompilerServices;

namespace SplitInfer.Codecs.ConvFeature;

/// <summary>
/// Two rows of a group of lanes, values and how far they were from their prediction, as [x][lane]. Before the first position lies a
/// copy of the one above, behind the last of the row above a copy of it, so that every position has its neighbours.
/// </summary>
internal unsafe struct RowWindow
{
    private const int Lanes = LaneLayout.Lanes;

    // That of a vector.
    private const int Alignment = 64;

    // What the first value of a plane is taken to have been off by: one, in eighths.
    private const int FirstError = 8;

    /// <summary>The row that is coded and the one above, from the first position on.</summary>
    public int* Values, Above;

    /// <summary>Errors of both, in eighths.</summary>
    public int* Errors, ErrorsAbove;

    /// <summary>Whether nothing is above, so that the left neighbour stands in for all.</summary>
    public bool IsFirstRow;

    /// <summary>Positions of a row.</summary>
    public readonly int Width;

    /// <summary>Lays the window out in memory of <see cref="Length"/>.</summary>
    public RowWindow(int* memory, int width)
    {
        Width = width;
        var row = (width + 2) * Lanes;
        Values = (int*)(((nint)memory + Alignment - 1 & ~(nint)(Alignment - 1)) + Lanes * sizeof(int));
        Above = Values + row;
        Errors = Above + row;
        ErrorsAbove = Errors + row;
    }

    /// <summary>Numbers that a window takes.</summary>
    public static int Length(int width) => checked(4 * (width + 2) * Lanes + Alignment / sizeof(int));

    /// <summary>Goes on to a row; number 0 begins anew.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void StartRow(int row)
    {
        IsFirstRow = row == 0;
        var (values, errors) = ((nint)Values, (nint)Errors);
        Values = Above;
        Errors = ErrorsAbove;
        Above = (int*)values;
        ErrorsAbove = (int*)errors;
        Pad(Values, Above, 0);
        Pad(Errors, ErrorsAbove, FirstError);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Pad(int* current, int* above, int first)
    {
        var from = new ReadOnlySpan<int>(above, Lanes);
        if (IsFirstRow) new Span<int>(current - Lanes, Lanes).Fill(first);
        else from.CopyTo(new(current - Lanes, Lanes));
        from.CopyTo(new(above - Lanes, Lanes));
        new ReadOnlySpan<int>(above + (Width - 1) * Lanes, Lanes).CopyTo(new(above + Width * Lanes, Lanes));
    }
}
