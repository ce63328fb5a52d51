using SplitInfer.Documentation.Pages;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The commands that the pages print are there, and have the options that stand behind them.</summary>
public sealed class CommandLineTests
{
    private static readonly string[] FileCommands = ["bash ", "sh ", "dotnet run --project "];

    [Fact]
    public async Task Every_command_of_a_block_has_the_options_that_it_is_given_and_is_given_those_that_it_needs()
    {
        var lines = Page.All.SelectMany(static page => page.Blocks).Where(static block => block.Language is "" or "bash" or "yaml" or "text").SelectMany(static block => ToolCommand.LinesOf(block)).ToArray();
        Assert.NotEmpty(lines);
        List<string> mistakes = [];
        foreach (var (at, command) in lines) mistakes.AddRange((await command.MistakesAsync(isWhole: true)).Select(mistake => $"{at}: {mistake}"));
        Mistakes.AssertNone(mistakes);
    }

    [Fact]
    public async Task Every_command_that_is_named_in_a_sentence_has_the_options_that_are_named_with_it()
    {
        var spans = Page.All.SelectMany(static page => page.CodeSpans.Where(static span => span.StartsWith(ToolCommand.Start, StringComparison.Ordinal)).Select(span => (page, command: ToolCommand.Parse(span)))).ToArray();
        Assert.NotEmpty(spans);
        List<string> mistakes = [];
        foreach (var (page, command) in spans) mistakes.AddRange((await command.MistakesAsync(isWhole: false)).Select(mistake => $"{page}: {mistake}"));
        Mistakes.AssertNone(mistakes);
    }

    [Fact]
    public void Every_script_and_project_that_is_run_is_there()
    {
        var paths = Page.All.SelectMany(static page => page.Blocks.SelectMany(static block => block.Lines).Concat(page.CodeSpans)
            .SelectMany(static line => FileCommands.Where(start => line.StartsWith(start, StringComparison.Ordinal)).Select(start => line[start.Length..].Split(' ')[0]))
            .Where(static path => path.Contains('/', StringComparison.Ordinal))
            .Select(path => (page, path))).ToArray();
        Assert.NotEmpty(paths);
        Mistakes.AssertNone(paths.Where(static run => !File.Exists(Repository.PathOf(run.path)) && !Directory.Exists(Repository.PathOf(run.path))).Select(static run => $"{run.page}: {run.path}"));
    }
}
