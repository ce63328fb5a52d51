using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace SplitInfer.Documentation.Pages;

/// <summary>A command line of the tool as a page prints it, held against the tool's own help.</summary>
/// <param name="Names">The command, and the one within it where it has some.</param>
/// <param name="Options">The options, each with its dashes.</param>
internal sealed partial record ToolCommand(IReadOnlyList<string> Names, IReadOnlyList<string> Options)
{
    public const string Start = "splitinfer ";

    private const string InRepository = "dotnet run --project src/SplitInfer.Cli -c Release -- ";

    // Options behind the image's name go to the server that it starts.
    private const string InContainer = "docker run ", Image = " splitinfer ";

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Helps = new();

    /// <summary>The command lines of a block, with those that go on in the next line put together and comments left out.</summary>
    public static IEnumerable<(string At, ToolCommand Command)> LinesOf(Block block)
    {
        var text = string.Join('\n', block.Lines).Replace("\\\n", " ", StringComparison.Ordinal);
        return text.Split('\n').Select(static line => line.Trim())
            .Select(static line => line.StartsWith(InRepository, StringComparison.Ordinal) ? Start + line[InRepository.Length..] : line)
            .Select(static line => line.StartsWith(InContainer, StringComparison.Ordinal) && line.IndexOf(Image, StringComparison.Ordinal) is > 0 and var at ? $"{Start}serve {line[(at + Image.Length)..]}" : line)
            .Where(static line => line.StartsWith(Start, StringComparison.Ordinal))
            .Select(line => (block.ToString(), Parse(line)));
    }

    /// <summary>Reads a command line that begins with <see cref="Start"/>; what is no name and no option is left out.</summary>
    public static ToolCommand Parse(string line)
    {
        var words = Comment().Replace(line, "").Split((char[])[' ', '[', ']'], StringSplitOptions.RemoveEmptyEntries)[1..];
        var names = words.TakeWhile(static word => Name().IsMatch(word)).Take(words is ["bench" or "exits", ..] or ["tailor", "explain" or "collect", ..] ? 2 : 1);
        return new([.. names], [.. words.Where(static word => word.StartsWith("--", StringComparison.Ordinal)).Select(static word => word.Split('=')[0].TrimEnd('…'))]);
    }

    /// <summary>What the tool would refuse.</summary>
    /// <param name="isWhole">Whether options that the command needs must be there.</param>
    public async Task<IEnumerable<string>> MistakesAsync(bool isWhole)
    {
        var name = string.Join(' ', Names);
        var help = await Helps.GetOrAdd(name, static name => new(() => OutputOfAsync([.. name.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]))).Value;
        if (Names.Count > 0 && !help.Contains($"{Start}{name}", StringComparison.Ordinal)) return [$"there is no command '{name}'"];
        var has = OptionLine().Matches(help).ToDictionary(static match => match.Groups["name"].Value, static match => match.Groups["required"].Success);
        var missing = isWhole && !Options.Contains("--help") ? has.Where(option => option.Value && !Options.Contains(option.Key)).Select(option => $"'{name}' needs {option.Key}") : [];
        return Options.Where(option => option is not "--help" and not "--version" && !has.ContainsKey(option)).Select(option => $"'{name}' has no option {option}").Concat(missing);
    }

    /// <summary>What the tool prints on standard output.</summary>
    public static async Task<string> OutputOfAsync(params string[] words)
    {
        // With the libraries of the tests: those that ASP.NET Core has are not beside the tool.
        var tests = Path.ChangeExtension(typeof(ToolCommand).Assembly.Location, null);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] arguments = ["exec", "--runtimeconfig", $"{tests}.runtimeconfig.json", "--depsfile", $"{tests}.deps.json", Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"), .. words];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    [GeneratedRegex(" +#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("^[a-z]+$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^  (?<name>--[a-z-]+)(?: <[^>]+>)?(?<required> \(REQUIRED\))?", RegexOptions.Multiline)]
    private static partial Regex OptionLine();
}
