namespace SplitInfer.Models;

/// <summary>A value of the model that is not constant, and how long it lives.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Producer">The compute node that writes it, or <see cref="Fed"/>.</param>
/// <param name="LastUse">The last compute node that reads it, or <see cref="Unused"/>.</param>
/// <param name="IsOutput">Whether the model yields it.</param>
internal readonly record struct GraphValue(string Name, int Producer, int LastUse, bool IsOutput)
{
    /// <summary>The producer of the model's inputs.</summary>
    public const int Fed = -1;

    /// <summary>The last use of a value that no compute node reads.</summary>
    public const int Unused = -1;

    /// <summary>Whether the value crosses the cut of partition <paramref name="k"/>: it is there before the cut and read after it.</summary>
    public bool Crosses(int k) => Producer < k && LastUse >= k;
}
