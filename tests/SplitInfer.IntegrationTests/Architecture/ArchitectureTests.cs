using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Architecture;

/// <summary>The folders of the product depend on each other in one direction only, and the documentation shows how.</summary>
public sealed class ArchitectureTests
{
    private const string Begin = "<!-- graph: begin -->\n", End = "<!-- graph: end -->\n";

    private static readonly RoomGraph Product = new(SourceFile.ReadAll(Repository.PathOf("src")));

    [Fact]
    public void Dependencies_keep_the_rules()
    {
        var failures = ProductRules.Rules.Failures(Product).ToList();
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    [Fact]
    public void The_picture_in_the_documentation_is_that_of_the_source()
    {
        var page = new ApprovedFile("docs/architecture.md");
        var text = page.Read();
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, $"{page.Path} has no block between {Begin.Trim()} and {End.Trim()}.");
        var difference = page.Difference(text[..(begin + Begin.Length)] + RoomPicture.Draw(Product) + text[end..]);
        Assert.True(difference is null, difference);
    }
}
