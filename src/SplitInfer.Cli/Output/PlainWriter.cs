using System.Globalization;
using System.Text;

namespace SplitInfer.Cli.Output;

/// <summary>
/// Writes text whose parts others chose, such as names in model files: what could move a cursor, change colours or turn the reading direction is
/// written as <c>\uXXXX</c>. Line ends and tabs stay.
/// </summary>
internal sealed class PlainWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>The text as it can be shown.</summary>
    public static string Of(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0) return text;
        var plain = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (IsPlain(character)) plain.Append(character);
            else plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
        }

        return plain.ToString();
    }

    /// <inheritdoc/>
    public override void Write(char value)
    {
        if (IsPlain(value)) inner.Write(value);
        else inner.Write(Of(value.ToString()));
    }

    /// <inheritdoc/>
    public override void Write(string? value) => inner.Write(value is null ? null : Of(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    /// <inheritdoc/>
    public override void WriteLine(string? value)
    {
        Write(value);
        inner.WriteLine();
    }

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    private static bool IsPlain(char character) => character is '\n' or '\r' or '\t'
        || char.GetUnicodeCategory(character) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
