using System.Text.RegularExpressions;
using SplitInfer.Documentation.Pages;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>Files and folders that the pages name are there.</summary>
public sealed partial class PathTests
{
    [Fact]
    public void Every_path_from_the_root_is_there()
    {
        // The changelog tells of what there was, and the readme of a sample where to put what it needs.
        var pages = Page.All.Where(static page => page.Path != "CHANGELOG.md" && !(page.Path.StartsWith("samples/", StringComparison.Ordinal) && page.Path.Split('/').Length > 2));
        var named = pages.SelectMany(static page => page.CodeSpans.Where(static span => RepositoryPath().IsMatch(span)).Select(span => (page, span))).ToArray();
        Assert.NotEmpty(named);
        Mistakes.AssertNone(named.Where(static path => !IsThere(path.span)).Select(static path => $"{path.page}: {path.span}"));
    }

    // What stands behind a name in angle brackets is made by whoever reads the page.
    private static bool IsThere(string path)
    {
        var known = Repository.PathOf(path.Split("/<")[0]);
        return File.Exists(known) || Directory.Exists(known);
    }

    [GeneratedRegex(@"^(src|tests|samples|docs|eng|deploy|bench)/[\w./<>-]+$")]
    private static partial Regex RepositoryPath();
}
