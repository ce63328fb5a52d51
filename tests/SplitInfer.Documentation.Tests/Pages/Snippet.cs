using SplitInfer.Testing;

namespace SplitInfer.Documentation.Pages;

/// <summary>A marked part of a source file, which a page may print: the lines between <c>// snippet: NAME</c> and <c>// end of snippet</c>.</summary>
/// <param name="Name">What the mark calls it.</param>
/// <param name="Path">The file.</param>
/// <param name="Usings">The namespaces that the file uses.</param>
/// <param name="Lines">The lines, without the indentation that all of them have.</param>
internal sealed record Snippet(string Name, string Path, IReadOnlySet<string> Usings, IReadOnlyList<string> Lines)
{
    private const string Begin = "// snippet: ", End = "// end of snippet";

    /// <summary>The snippets of this project.</summary>
    public static IReadOnlyList<Snippet> All { get; } =
        [.. Directory.EnumerateFiles(Repository.PathOf("tests/SplitInfer.Documentation.Tests/Snippets"), "*.cs").Order(StringComparer.Ordinal).SelectMany(Of)];

    /// <summary>Whether a block prints this snippet: the lines, after those of the file's usings that they need.</summary>
    public bool IsPrintedBy(Block block)
    {
        var usings = block.Lines.TakeWhile(static line => line.Length == 0 || IsUsing(line)).ToArray();
        return usings.Where(static line => line.Length > 0).All(Usings.Contains) && block.Lines.Skip(usings.Length).SequenceEqual(Lines);
    }

    public override string ToString() => Name;

    private static bool IsUsing(string line) => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal) && !line.Contains('(', StringComparison.Ordinal);

    private static IEnumerable<Snippet> Of(string file)
    {
        var lines = File.ReadAllLines(file);
        var usings = lines.Where(IsUsing).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith(Begin, StringComparison.Ordinal)) continue;
            var (name, first) = (lines[i].Trim()[Begin.Length..], i + 1);
            for (i = first; lines[i].Trim() != End;) i++;
            var part = lines[first..i];
            var indent = part.Where(static line => line.Length > 0).Min(static line => line.Length - line.TrimStart().Length);
            yield return new(name, Relative(file), usings, [.. part.Select(line => line.Length == 0 ? line : line[indent..])]);
        }
    }

    private static string Relative(string file) => System.IO.Path.GetRelativePath(Repository.Root, file);
}
