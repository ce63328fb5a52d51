namespace SplitInfer.Server.Models;

/// <summary>Orders the versions of a model: runs of digits by value, everything else by character, so that 10 comes after 9 and 1.2.10 after 1.2.9.</summary>
internal sealed class VersionComparer : IComparer<string>
{
    public static VersionComparer Order { get; } = new();

    public int Compare(string? x, string? y)
    {
        var left = x.AsSpan();
        var right = y.AsSpan();
        while (!left.IsEmpty && !right.IsEmpty)
        {
            var a = Take(ref left);
            var b = Take(ref right);
            var order = char.IsAsciiDigit(a[0]) && char.IsAsciiDigit(b[0]) ? CompareNumbers(a, b) : a.CompareTo(b, StringComparison.Ordinal);
            if (order != 0) return order;
        }

        return left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(x, y);
    }

    private static int CompareNumbers(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.TrimStart('0');
        b = b.TrimStart('0');
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.CompareTo(b, StringComparison.Ordinal);
    }

    /// <summary>The longest run of digits, or the longest run of anything else, at the start.</summary>
    private static ReadOnlySpan<char> Take(ref ReadOnlySpan<char> text)
    {
        var digits = char.IsAsciiDigit(text[0]);
        var end = 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]) == digits) end++;
        var run = text[..end];
        text = text[end..];
        return run;
    }
}
