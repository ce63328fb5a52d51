using System.Text.Json;
using SplitInfer.Client;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands.Top;

/// <summary><c>top</c> at a server in a process of its own.</summary>
public sealed class TopTests : IDisposable
{
    private const int Requests = 5;

    private readonly TestFolder _folder = new();
    private readonly string _model;

    public TopTests()
    {
        UNet.Build(size: 32).Save(_folder["net.onnx"]);
        _model = _folder["net.onnx"];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_tells_what_the_server_does()
    {
        await using var server = await ServerProcess.StartAsync(_model, "--listen", "tcp://127.0.0.1:0", "--http", "http://127.0.0.1:0", "--json");
        await using var client = await SplitInferenceClient.CreateAsync(new() { ModelPath = _model, Server = new(server.Address), Policy = "AllOnServer" });
        var input = RandomTensor.Normal(new Random(7), ElementType.Float32, 1, 3, 32, 32);
        for (var request = 0; request < Requests; request++) (await client.InferAsync(input)).Dispose();
        var told = await SampleAsync(server.Http!);

        var json = await CommandLine.RunAsync("top", "--server", server.Http!.ToString(), "--once", "--json");
        Assert.Equal((0, ""), (json.ExitCode, json.Error));
        var line = Assert.Single(json.Json);
        foreach (var part in (string[])["clients", "models"]) Assert.Equal(told.GetProperty(part).ToString(), line.GetProperty(part).ToString());
        var one = Assert.Single(line.GetProperty("clients").EnumerateArray());
        Assert.Equal((Requests, "net", 0), (one.GetProperty("answered").GetInt32(), one.GetProperty("model").GetString(), one.GetProperty("partition").GetInt32()));
        Assert.True(line.GetProperty("load").GetProperty("resident_bytes").GetInt64() > 1 << 20);

        // Of the executable, whose output is no terminal.
        var table = await CommandLine.StartAsync("top", "--server", server.Http!.ToString(), "--interval", "0.2");
        Assert.Equal((0, ""), (table.ExitCode, table.Error));
        Assert.DoesNotContain('\u001b', table.Output);
        Assert.Contains("1 client", table.Output, StringComparison.Ordinal);
        Assert.Contains(table.Output.Split('\n'), row => row.StartsWith(one.GetProperty("address").GetString()!, StringComparison.Ordinal) && row.Contains(" net ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_key_of_a_server_it_says_which_option_names_it()
    {
        const string Key = "a-key-of-the-test-that-is-long";
        File.WriteAllText(_folder["keys"], $"operator {Key}\n");
        File.WriteAllText(_folder["key"], $"{Key}\n");
        await using var server = await ServerProcess.StartAsync(_model, "--listen", "tcp://127.0.0.1:0", "--http", "http://127.0.0.1:0", "--keys", _folder["keys"], "--json");
        var refused = await CommandLine.RunAsync("top", "--server", server.Http!.ToString(), "--once");
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("--key-file F", refused.Error, StringComparison.Ordinal);
        var known = await CommandLine.RunAsync("top", "--server", server.Http!.ToString(), "--once", "--json", "--key-file", _folder["key"]);
        Assert.Equal((0, ""), (known.ExitCode, known.Error));
        Assert.Single(known.Json);
    }

    [Theory]
    [InlineData(2, "serve --http", "--server", "tcp://127.0.0.1:7070")]
    [InlineData(2, "serve --http", "--server", "tls://127.0.0.1:7070")]
    [InlineData(2, "no address", "--server", "here")]
    [InlineData(2, "0.2 to 60", "--server", "http://127.0.0.1:1", "--interval", "0.1")]
    [InlineData(2, "The orders are", "--server", "http://127.0.0.1:1", "--sort", "size")]
    [InlineData(2, "unencrypted", "--server", "http://192.0.2.1:1", "--key-file", "F")]
    [InlineData(1, "Start the server with --http", "--server", "http://127.0.0.1:1", "--once")]
    [InlineData(1, "Start the server with --http", "--server", "http://127.0.0.1:1", "--json")]
    public async Task What_cannot_be_done_is_told_with_what_to_do(int code, string expected, params string[] options)
    {
        var run = await CommandLine.RunAsync(["top", .. options]);
        Assert.Equal((code, ""), (run.ExitCode, run.Output));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    /// <summary>A sample with all requests: the server counts one after its reply has left.</summary>
    private static async Task<JsonElement> SampleAsync(Uri server)
    {
        using var http = new HttpClient();
        using var reader = new StreamReader(await http.GetStreamAsync(new Uri(server, "/v2/monitor?interval_seconds=0.2")));
        while (true)
        {
            var sample = JsonElement.Parse((await reader.ReadLineAsync())!);
            if (sample.GetProperty("clients").EnumerateArray().Sum(static one => one.GetProperty("answered").GetInt32()) >= Requests) return sample;
        }
    }
}
