using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands.Coordinate;

/// <summary>Silos in processes of their own, and servers that name them.</summary>
public class CoordinateTests
{
    [Fact]
    public async Task A_silo_says_when_it_is_ready_and_ends_when_it_is_told_to()
    {
        var (silo, gateway) = (Port(), Port());
        using var process = Process.Start(CommandLine.ExecutableWith(["coordinate", "--region", "eu-west", "--silo-port", silo, "--gateway-port", gateway, "--log-level", "Error", "--json"]))!;
        var log = process.StandardError.ReadToEndAsync();
        var line = JsonElement.Parse((await process.StandardOutput.ReadLineAsync())!);
        Assert.Equal("region silo gateway coordinate", CommandLine.Fields(line));
        Assert.Equal($"orleans://127.0.0.1:{gateway}/eu-west", line.GetProperty("coordinate").GetString());
        // Its ports are taken, though the system would share them.
        var other = await CommandLine.RunAsync("coordinate", "--silo-port", silo, "--gateway-port", Port());
        Assert.Equal(1, other.ExitCode);
        Assert.Contains($"--silo-port is {silo}", other.Error);
        using var kill = Process.Start("bash", ["-c", $"kill -TERM {process.Id}"]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        // Nor what Orleans warns of where a busy machine lets its timers wait.
        Assert.DoesNotMatch(" (warn|fail|crit): |Orleans", await log);
    }

    [CommandFact("redis-server")]
    public async Task Prices_come_again_after_the_silo_that_finds_them_was_killed()
    {
        // How soon is printed, and not judged here.
        var ran = await CommandLine.StartAsync("bench", "coordinator", "--nodes", "3", "--seconds", "2", "--json");
        Assert.True(ran.ExitCode == 0, ran.Error);
        var row = Assert.Single(ran.Json);
        Assert.Equal(
            "nodes intervalSeconds killed firstSeconds recoverySeconds failedReports rejoined reportBytes priceBytes decisionsBefore decisionsAfter decisionP99MsBefore decisionP99MsAfter",
            CommandLine.Fields(row));
        Assert.Equal(3, row.GetProperty("nodes").GetInt32());
        Assert.InRange(row.GetProperty("reportBytes").GetInt32() + row.GetProperty("priceBytes").GetInt32(), 1, 100);
        // Nobody who decides about a request waits for a coordinator.
        Assert.True(row.GetProperty("decisionsAfter").GetDouble() > 0);
    }

    [Theory]
    [InlineData("--region", "a b", "--region")]
    [InlineData("--silo-port", "0", "--silo-port")]
    [InlineData("--gateway-port", "11111", "--gateway-port")]
    [InlineData("--address", "10.0.0.1", "--insecure")]
    [InlineData("--address", "here", "--address")]
    [InlineData("--redis", "", "--redis")]
    public async Task What_cannot_be_used_is_named_as_it_is_typed(string option, string value, string named)
    {
        var ran = await CommandLine.RunAsync("coordinate", option, value);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(named, ran.Error);
    }

    [Fact]
    public async Task A_Redis_that_is_not_there_is_told()
    {
        var ran = await CommandLine.RunAsync("coordinate", "--redis", $"127.0.0.1:{Port()}", "--silo-port", Port(), "--gateway-port", Port());
        Assert.Equal(1, ran.ExitCode);
        // A sentence, and nothing of what Orleans makes of it.
        Assert.Matches(@"^Redis at 127\.0\.0\.1:[0-9]+ does not answer\. .*redis-server.*\n?$", ran.Error);
    }

    [Theory]
    [InlineData("redis://127.0.0.1")]
    [InlineData("orleans://127.0.0.1:1/a%20b")]
    [InlineData("somewhere")]
    public async Task A_server_refuses_what_is_no_coordinator(string coordinator)
    {
        var ran = await CommandLine.RunAsync("serve", "--models", ".", "--coordinate", coordinator);
        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("--coordinate takes redis://HOST:PORT/REGION", ran.Error);
    }

    [Theory]
    [InlineData(null, "local")]
    [InlineData("local", "local")]
    [InlineData("redis://me:secret@127.0.0.1/eu", "redis://127.0.0.1/eu")]
    [InlineData("redis://me:s%65cret@127.0.0.1/eu", "redis://127.0.0.1/eu")]
    public async Task The_configuration_shows_the_coordinator_without_its_password(string? given, string shown)
    {
        string[] options = given is null ? [] : ["--coordinate", given];
        var ran = await CommandLine.RunAsync(["serve", "--models", ".", "--print-config", "--json", .. options]);
        Assert.Equal(shown, ran.Json.Single(static line => line.GetProperty("option").GetString() == "Serve.Coordinate").GetProperty("value").GetString());
    }

    private static string Port() => FreePort.Take().ToString(CultureInfo.InvariantCulture);
}
