using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Samples;

/// <summary>A sample in a process of its own, in its own folder, as <c>dotnet run</c> runs it.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task<string> _errors;

    private SampleProcess(Process process) => (_process, _errors) = (process, process.StandardError.ReadToEndAsync());

    /// <summary>Starts a sample that was built with these tests.</summary>
    public static SampleProcess Start(string sample, params ReadOnlySpan<string> arguments)
    {
        // Samples and tests are built into folders of the same name.
        var build = Path.GetRelativePath(Repository.PathOf("tests/SplitInfer.IntegrationTests"), AppContext.BaseDirectory);
        var folder = Repository.PathOf($"samples/{sample}");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in (string[])[Path.Combine(folder, build, $"{sample}.dll"), .. arguments]) start.ArgumentList.Add(argument);
        return new(Process.Start(start)!);
    }

    /// <summary>Reads on to the next line of the output that matches, which must come.</summary>
    /// <returns>What the first group matched, or all that matched where there is no group.</returns>
    public async Task<string> ReadToAsync([StringSyntax(StringSyntaxAttribute.Regex)] string pattern)
    {
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            _output.AppendLine(line);
            if (Regex.Match(line, pattern) is { Success: true } match) return match.Groups[^1].Value;
        }

        throw new InvalidOperationException($"The process ended, and nothing of its output matched {pattern}:\n{_output}{await _errors}");
    }

    /// <summary>Asks the process to end, as an operator does, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("bash", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM {_process.Id}")]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
