namespace SplitInfer.Tailoring.Families;

/// <summary>Names of other people's models in what a family tells, which must not steer a terminal and fits a line.</summary>
internal static class ShownText
{
    private const int MostLetters = 2000;

    /// <summary>A text without control characters and not too long.</summary>
    public static string Of(string text) => Without(text.Length > MostLetters ? $"{text.AsSpan(0, MostLetters)}…" : text, '\uFFFD');

    /// <summary>A name of a file without control characters.</summary>
    public static string OfFile(string name) => Without(name, '_');

    private static string Without(string text, char instead) => text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? instead : letter)) : text;
}
