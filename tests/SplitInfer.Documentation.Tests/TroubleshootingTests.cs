using SplitInfer.Documentation.Pages;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The messages that docs/troubleshooting.md quotes are those of the code, so that whoever searches for one finds it.</summary>
public sealed class TroubleshootingTests
{
    [Fact]
    public void Every_message_is_one_of_the_code()
    {
        var page = Page.All.Single(static page => page.Path == "docs/troubleshooting.md");
        var quotes = page.Prose.Split('\n').Where(static line => line.StartsWith("| `", StringComparison.Ordinal)).Select(static line => line.Split('`')[1]).ToArray();
        Assert.NotEmpty(quotes);
        var code = string.Join('\n', Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Where(static file => !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Contains("obj"))
            .SelectMany(File.ReadLines).Where(static line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));
        // A name or a number of the case stands where the page has "…".
        Mistakes.AssertNone(quotes.Where(quote => !quote.Split('…', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).All(part => code.Contains(part, StringComparison.Ordinal))));
    }
}
