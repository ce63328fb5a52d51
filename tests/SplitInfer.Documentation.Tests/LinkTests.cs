using SplitInfer.Documentation.Pages;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>Links between files of the repository lead somewhere.</summary>
public sealed class LinkTests
{
    [Fact]
    public void Every_link_leads_to_a_file_and_a_heading_that_are_there()
    {
        var links = Page.All.SelectMany(static page => page.Links.Where(static link => !link.Contains("://", StringComparison.Ordinal)).Select(link => (page, link))).ToArray();
        Assert.NotEmpty(links);
        Mistakes.AssertNone(links.Where(static link => !Leads(link.page, link.link)).Select(static link => $"{link.page}: {link.link}"));
    }

    [Fact]
    public void Every_page_of_the_site_is_in_its_table_of_contents()
    {
        var contents = File.ReadAllText(Repository.PathOf("docs/toc.yml"));
        string[] pages = [.. Page.All.Where(static page => page.Path.StartsWith("docs/", StringComparison.Ordinal)).Select(static page => page.Path["docs/".Length..])];
        Assert.All(pages.Where(static page => page != "index.md"), page => Assert.Contains($"href: {page}\n", contents, StringComparison.Ordinal));
    }

    private static bool Leads(Page page, string link)
    {
        var (path, anchor) = link.Split('#') is [var before, var after] ? (before, after) : (link, "");
        var file = path.Length == 0 ? Repository.PathOf(page.Path) : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.PathOf(page.Path))!, path));
        if (anchor.Length == 0) return File.Exists(file) || Directory.Exists(file);
        var target = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/');
        return Page.All.Any(other => other.Path == target && other.Anchors.Contains(anchor));
    }
}
