using System.Diagnostics;
using System.Text.Json;
using SplitInfer.Cli.Output;

namespace SplitInfer.Cli.Tests;

/// <summary>What came of a command line.</summary>
internal sealed record CommandLine(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a command line as the executable does, in this process.</summary>
    public static Task<CommandLine> RunAsync(params string[] args) => RunOnAsync("", args);

    /// <summary>The same with something on standard input.</summary>
    public static async Task<CommandLine> RunOnAsync(string input, params string[] args)
    {
        using var lines = new StringReader(input);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Program.RunAsync(args, new Terminal(output, error, lines));
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs the executable.</summary>
    public static Task<CommandLine> StartAsync(params string[] args) => StartAsync(new Dictionary<string, string>(), args);

    /// <summary>Runs the executable with variables of the environment.</summary>
    public static async Task<CommandLine> StartAsync(IReadOnlyDictionary<string, string> variables, params string[] args)
    {
        using var process = Process.Start(ExecutableWith(args, variables))!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>How to start the executable.</summary>
    public static ProcessStartInfo ExecutableWith(string[] args, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return start;
    }

    /// <summary>Standard output as JSON, a value a line; fails where anything else is there.</summary>
    public JsonElement[] Json => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];

    /// <summary>Names of the fields of a line, in order.</summary>
    public static string Fields(JsonElement line) => string.Join(' ', line.EnumerateObject().Select(static f => f.Name));
}
