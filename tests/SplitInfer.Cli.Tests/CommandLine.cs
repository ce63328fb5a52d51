using System.Text.Json;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Tests;

/// <summary>Runs command lines as the executable does, in this process.</summary>
internal sealed record CommandLine(int ExitCode, string Output, string Error)
{
    public static async Task<CommandLine> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Program.RunAsync(args, new Terminal(output, error));
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>Standard output as JSON, a value a line; fails where anything else is there.</summary>
    public JsonElement[] Json => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Names of the fields of a line, in order.</summary>
    public static string Fields(JsonElement line) => string.Join(' ', line.EnumerateObject().Select(static f => f.Name));
}
