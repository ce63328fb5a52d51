using System.Diagnostics;
using System.Text.Json;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>The command line in a process of its own, which a model that kills a process does not take the tests with.</summary>
/// <param name="ExitCode">0 where all went well, 1 or 2 where it said why not; anything else is a crash.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it complained of.</param>
internal sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    /// <summary>Long enough for a busy machine; a command that has not ended by then never will.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs <c>splitinfer … --json</c> to its end.</summary>
    public static async Task<CommandRun> OfAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"), .. arguments, "--json"]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        return new(process.ExitCode, await output, await errors);
    }

    /// <summary>The JSON lines that have a field of this name.</summary>
    public JsonElement[] Lines(string field) =>
    [
        .. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static l => l[0] == '{')
            .Select(static l => JsonDocument.Parse(l).RootElement).Where(l => l.TryGetProperty(field, out _)),
    ];

    /// <summary>Fails unless the command ended by itself and in words: neither killed, nor with an exception that nothing caught.</summary>
    public void AssertEndedInWords()
    {
        Assert.True(ExitCode is 0 or 1 or 2, ToString());
        Assert.DoesNotContain("Unhandled exception", Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at SplitInfer.", Errors, StringComparison.Ordinal);
        Assert.True(ExitCode == 0 || Errors.Length + Output.Length > 0, "It failed without a word.");
    }

    /// <summary>Fails unless all partitions that <c>verify</c> ran are right, and one of them has a tail; at <paramref name="first"/> or behind.</summary>
    public void AssertVerified(int first = 1)
    {
        Assert.True(ExitCode == 0, ToString());
        var partitions = Lines("ok");
        Assert.All(partitions, static l => Assert.True(l.GetProperty("ok").GetBoolean()));
        var last = partitions.Max(static l => l.GetProperty("partition").GetInt32());
        Assert.Contains(partitions, l => l.GetProperty("partition").GetInt32() is var k && k >= first && k < last);
    }
}
