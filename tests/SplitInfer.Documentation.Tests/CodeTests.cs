using SplitInfer.Documentation.Pages;

namespace SplitInfer.Documentation;

/// <summary>The C# of the pages is that of <c>Snippets</c>, which is compiled and mostly run, so that no page prints what does not work.</summary>
public sealed class CodeTests
{
    [Fact]
    public void Every_block_is_a_snippet()
    {
        var blocks = Blocks().Where(static block => !block.Path.StartsWith("src/", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(blocks);
        Mistakes.AssertNone(blocks.Where(static block => !Snippet.All.Any(snippet => snippet.IsPrintedBy(block))).Select(static block =>
            $"{block}: its C# is in no file of Snippets. Put it there between '// snippet: NAME' and '// end of snippet', and the same text into the page."));
    }

    [Fact]
    public void Every_snippet_is_printed_and_has_a_name_of_its_own()
    {
        var blocks = Blocks().ToArray();
        Mistakes.AssertNone(Snippet.All.Where(snippet => !blocks.Any(snippet.IsPrintedBy)).Select(static snippet => $"{snippet.Path}: no page prints '{snippet.Name}'."));
        Assert.Equal(Snippet.All.Count, Snippet.All.DistinctBy(static snippet => snippet.Name).Count());
    }

    // tests/consumers compiles the first program of each package's readme against the packages, and runs it.
    [Fact]
    public void The_readme_of_a_package_has_one_program_at_most() =>
        Mistakes.AssertNone(Blocks().Where(static block => block.Path.StartsWith("src/", StringComparison.Ordinal)).GroupBy(static block => block.Path).Where(static page => page.Count() > 1).Select(static page => page.Key));

    private static IEnumerable<Block> Blocks() => Page.All.SelectMany(static page => page.Blocks).Where(static block => block.Language == "csharp");
}
