using System.Diagnostics;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.OpenInference;

/// <summary>The commands of docs/open-inference.md work as they are printed.</summary>
public sealed class PrintedCommandsTests : IDisposable
{
    private const string Printed = "http://127.0.0.1:8080";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LinuxFact]
    public async Task Curl_is_answered()
    {
        var script = string.Join('\n', Blocks().Where(static block => block.Contains("curl ", StringComparison.Ordinal)));
        Assert.Contains("/v2/models/sum/infer", script, StringComparison.Ordinal);
        await using var server = await InferenceServer.StartAsync(SmallModels.Sum(), static options => options.Models[0] = options.Models[0] with { Name = "sum" });
        script = script.Replace(Printed, server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("curl ", "curl --silent --show-error --fail ", StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", $"command -v curl >/dev/null || {{ echo no curl; exit; }}\n{script}"]) { WorkingDirectory = _folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.Equal(("", 0), (await error, process.ExitCode));
        if ((await output).StartsWith("no curl", StringComparison.Ordinal)) return;
        Assert.Contains("\"data\":[11,22,33,44,55,6.5]", await output, StringComparison.Ordinal);
        Assert.Contains("\"ready\":true", await output, StringComparison.Ordinal);
        Assert.Contains("\"state\":\"READY\"", await output, StringComparison.Ordinal);
        Assert.Contains("Inference-Header-Content-Length", await output, StringComparison.Ordinal);
        Assert.Equal(24 + 6, (await File.ReadAllBytesAsync(_folder["reply.bin"]))[^(24 + 6)..].Count(static value => value == 0));
    }

    /// <summary>The blocks of commands of the page.</summary>
    private static IEnumerable<string> Blocks()
    {
        var page = File.ReadAllText(Repository.PathOf("docs/open-inference.md"));
        return page.Split("```bash\n").Skip(1).Select(static block => block[..block.IndexOf("```", StringComparison.Ordinal)]);
    }
}
