using System.Globalization;
using System.Text;

namespace SplitInfer.Protocol;

/// <summary>Text that a peer chose, made fit for logs and terminals: what could forge a line or move a cursor is escaped, and what is long is cut.</summary>
internal static class PeerText
{
    /// <summary>The most characters that are kept.</summary>
    public const int MaxLength = 512;

    /// <summary>Whether a text has none of the characters that <see cref="Clean"/> escapes, however long it is.</summary>
    public static bool IsPlain(string text)
    {
        for (var at = 0; at < text.Length; at += WidthAt(text, at))
            if (!IsPlainAt(text, at)) return false;
        return true;
    }

    /// <summary>The text with control, format, separator and private-use characters and lone surrogates as <c>\uXXXX</c>, at most <see cref="MaxLength"/> characters of it.</summary>
    public static string Clean(string text)
    {
        if (text.Length <= MaxLength && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0) return text;
        var clean = new StringBuilder();
        for (int at = 0, width; at < text.Length; at += width)
        {
            if (clean.Length >= MaxLength) return clean.Append('…').ToString();
            width = WidthAt(text, at);
            if (IsPlainAt(text, at)) clean.Append(text, at, width);
            else foreach (var character in text.AsSpan(at, width)) clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
        }

        return clean.ToString();
    }

    private static int WidthAt(string text, int at) => char.IsSurrogatePair(text, at) ? 2 : 1;

    private static bool IsPlainAt(string text, int at) => CharUnicodeInfo.GetUnicodeCategory(text, at) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
