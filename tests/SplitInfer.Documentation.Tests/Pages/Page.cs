using System.Text.RegularExpressions;
using SplitInfer.Testing;

namespace SplitInfer.Documentation.Pages;

/// <summary>A page of the repository that people read: its blocks, its code spans, its links and its headings.</summary>
internal sealed partial class Page
{
    private Page(string path)
    {
        Path = path;
        var lines = File.ReadAllLines(Repository.PathOf(path));
        List<Block> blocks = [];
        List<string> prose = [];
        for (var i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is not { Success: true } fence)
            {
                prose.Add(lines[i]);
                continue;
            }

            var first = i + 1;
            for (i = first; i < lines.Length && lines[i].Trim() != "```";) i++;
            // A block in a list is indented as its item is.
            var indent = fence.Groups["indent"].Length;
            blocks.Add(new(path, first, fence.Groups["language"].Value, [.. lines[first..i].Select(line => line[Math.Min(indent, line.Length - line.TrimStart().Length)..])]));
        }

        (Blocks, Prose) = (blocks, string.Join('\n', prose));
    }

    /// <summary>All pages, those that no one wrote for this repository left out.</summary>
    public static IReadOnlyList<Page> All { get; } = [.. Find()];

    /// <summary>Path from the root, with forward slashes.</summary>
    public string Path { get; }

    /// <summary>Fenced blocks.</summary>
    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>The lines outside the blocks.</summary>
    public string Prose { get; }

    /// <summary>What stands between single backticks.</summary>
    public IEnumerable<string> CodeSpans => CodeSpan().Matches(Prose).Select(static match => match.Groups["code"].Value);

    /// <summary>Where links and pictures lead, code spans left out.</summary>
    public IEnumerable<string> Links => Link().Matches(CodeSpan().Replace(Prose, "`")).Select(static match => match.Groups["target"].Value);

    /// <summary>Names by which links reach the headings.</summary>
    public IEnumerable<string> Anchors => Heading().Matches(Prose).Select(static match => AnchorOf(match.Groups["text"].Value));

    public override string ToString() => Path;

    private static string AnchorOf(string heading) => NotInAnchors().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    private static IEnumerable<Page> Find()
    {
        string[] folders = ["docs", "src", "samples"];
        return Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(folders.SelectMany(static folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*.md", SearchOption.AllDirectories)))
            .Select(static file => System.IO.Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(static path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(static path => new Page(path));
    }

    [GeneratedRegex(@"^(?<indent> *)```(?<language>[a-z]*)$")]
    private static partial Regex Fence();

    [GeneratedRegex(@"`(?<code>[^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchors();
}

/// <summary>A fenced block of a page.</summary>
/// <param name="Path">The page.</param>
/// <param name="Line">The number of its fence.</param>
/// <param name="Language">What the fence names; empty where it names none.</param>
/// <param name="Lines">What stands in it.</param>
internal sealed record Block(string Path, int Line, string Language, IReadOnlyList<string> Lines)
{
    public override string ToString() => $"{Path}:{Line}";
}
