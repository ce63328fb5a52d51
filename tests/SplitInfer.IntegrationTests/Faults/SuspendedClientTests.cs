using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Faults;

/// <summary>A client whose process is suspended for a while in the middle of its requests, as a phone does with an application.</summary>
public sealed class SuspendedClientTests : IDisposable
{
    private const int Frames = 150;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public async Task It_goes_on_with_the_server_when_it_is_woken()
    {
        var model = _folder["models/demo/1/model.onnx"];
        await File.WriteAllBytesAsync(model, ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes());
        using var server = await ServerProcess.StartAsync(_folder["models"], "--threads", "1");
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "splitinfer.dll"), "run", model, "--server", $"{server.Address}", "--policy", "AllOnServer", "--frames", $"{Frames}", "--fps", "50", "--threads", "1", "--json"];
        using var client = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var sources = new List<string>();
        try
        {
            await ReadAsync(client, sources, Frames / 3);
            Signal(client, "-STOP");
            await Task.Delay(TimeSpan.FromSeconds(2));
            Signal(client, "-CONT");
            await ReadAsync(client, sources, Frames);
            Assert.Equal(Frames, sources.Count);
            Assert.Equal("server", sources[^1]);
            await client.StandardOutput.ReadToEndAsync();
            await client.WaitForExitAsync();
            Assert.Equal(0, client.ExitCode);
        }
        finally
        {
            if (!client.HasExited) client.Kill();
        }
    }

    private static async Task ReadAsync(Process client, List<string> sources, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (sources.Count < count && await client.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            using var frame = JsonDocument.Parse(line);
            if (frame.RootElement.TryGetProperty("source", out var source)) sources.Add(source.GetString()!);
        }
    }

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("bash", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill {signal} {process.Id}")]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
