using System.Diagnostics;
using System.Text.Json;
using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>Two processes: <c>serve</c> in one of its own, <c>run</c> in this one.</summary>
public sealed class ServeAndRunTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _model;

    public ServeAndRunTests()
    {
        UNet.Build(size: 32).Save(_folder["models/unet/1/model.onnx"]);
        _model = _folder["models/unet/1/model.onnx"];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_runs_any_partition_against_a_server_in_another_process()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--json");
        NpyFile.Write(_folder["image.npy"], RandomTensor.Normal(new(1), ElementType.Float32, 1, 3, 32, 32));
        var result = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--partition", "4", "--frames", "3", "--input", _folder["image.npy"], "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);

        var (frames, summary) = (result.Json[..^1], result.Json[^1]);
        Assert.Equal(3, frames.Length);
        Assert.All(frames, static f => Assert.Equal(
            "frame partition codec forced raced headMs encodeMs offloadMs serverMs totalMs bytesSent predictedMs source server fallback", CommandLine.Fields(f)));
        Assert.All(frames, static f => Assert.Equal("split", f.GetProperty("source").GetString()));
        Assert.All(frames, static f => Assert.Equal(4, f.GetProperty("partition").GetInt32()));
        Assert.All(frames, static f => Assert.True(f.GetProperty("bytesSent").GetInt64() > 0));
        Assert.Equal(
            "model policy frames meanMs p50Ms p95Ms p99Ms bytesSent start missed fallbacks deviceShare splitShare serverShare deviceAloneMs deviceAloneFrames serverAloneMs serverAloneFrames",
            CommandLine.Fields(summary));
        Assert.Equal((0, 1, 0, 0), (summary.GetProperty("missed").GetInt32(), summary.GetProperty("splitShare").GetDouble(), summary.GetProperty("deviceAloneFrames").GetInt32(), summary.GetProperty("serverAloneFrames").GetInt32()));
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task A_server_takes_the_codecs_that_its_operator_allows_and_no_others()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--codec", "Raw", "--codec", "Quantized8", "--json");
        var allowed = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--partition", "4", "--frames", "1", "--codec", "Quantized8", "--json");
        Assert.Equal("", allowed.Error);
        Assert.Equal("split", allowed.Json[0].GetProperty("source").GetString());

        var refused = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--partition", "4", "--frames", "1", "--codec", "Quantized7", "--json");
        Assert.Contains("'Quantized7'. Use one of: Raw, Quantized8.", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_of_HTTP_and_gRPC_are_told_and_answer_until_the_server_stops()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--http", "http://127.0.0.1:0", "--grpc", "http://127.0.0.1:0", "--json");
        var calls = await server.NextLineAsync();
        Assert.Equal("listening connect options", CommandLine.Fields(calls));
        using var http = new HttpClient();
        Assert.Contains("\"ready\":true", await http.GetStringAsync(new Uri(server.Http!, "/v2/health/ready")), StringComparison.Ordinal);
        using var call = new HttpRequestMessage(HttpMethod.Post, $"{calls.GetProperty("connect").GetString()}/inference.GRPCInferenceService/ServerLive")
        {
            Version = new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new("application/grpc") } },
        };
        using var live = await http.SendAsync(call);
        Assert.Equal([0, 0, 0, 0, 2, 8, 1], await live.Content.ReadAsByteArrayAsync());
        Assert.Equal(0, await server.StopAsync());
    }

    [Theory]
    [InlineData("--http", "http://0.0.0.0:0", "--http has http://0.0.0.0:0, which other machines reach")]
    [InlineData("--grpc", "http://0.0.0.0:0", "--grpc has http://0.0.0.0:0, which other machines reach")]
    [InlineData("--http", "https://127.0.0.1:0", "--http has https://127.0.0.1:0, which needs a certificate. Set --tls-cert")]
    [InlineData("--http", "http://127.0.0.1:0/path", "has a path")]
    [InlineData("--grpc", "tcp://127.0.0.1:0", "no address of HTTP")]
    [InlineData("--http", "here", "--http here is no address")]
    public async Task An_address_of_HTTP_that_cannot_be_is_told_in_words_of_the_command_line(string option, string address, string words)
    {
        var result = await CommandLine.RunAsync("serve", "--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", option, address);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_default_policy_learns_and_tells_what_it_does()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--preload", "--profile-tails", "--json");
        var result = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--frames", "60", "--fps", "100", "--state", _folder["state/x"], "--policy-option", "forcedInterval=4", "--json");
        Assert.Equal("", result.Error);
        Assert.All(result.Json[..^1], static f => Assert.DoesNotContain(f.GetProperty("codec").GetString(), (string[])["Float16", "Quantized8"]));
        var frames = result.Json[..^1];
        Assert.Equal("MuLinUcb", result.Json[^1].GetProperty("policy").GetString());
        Assert.Contains(frames, static f => f.GetProperty("raced").GetBoolean());
        Assert.Contains(frames, static f => f.GetProperty("predictedMs").ValueKind == JsonValueKind.Number);
        Assert.All(frames, static f => Assert.True(f.GetProperty("source").GetString() != "device" || f.GetProperty("offloadMs").GetDouble() == 0));
        Assert.NotEmpty(Directory.GetFiles(_folder["state/x"]));
    }

    [Fact]
    public async Task A_server_that_is_not_there_costs_a_policy_that_learns_nothing_but_a_complaint()
    {
        var result = await CommandLine.RunAsync("run", _model, "--server", "tcp://127.0.0.1:1", "--frames", "3", "--fps", "10", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("tcp://127.0.0.1:1", result.Error, StringComparison.Ordinal);
        Assert.All(result.Json[..^1], static f => Assert.Equal("device", f.GetProperty("source").GetString()));
    }

    [Fact]
    public async Task The_second_of_two_servers_takes_over_from_one_that_is_not_there()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--preload", "--json");
        string[] line = ["run", _model, "--server", "tcp://127.0.0.1:1", "--server", server.Address, "--partition", "4", "--frames", "3"];
        var result = await CommandLine.RunAsync([.. line, "--json"]);
        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Json[..^1], frame => Assert.Equal(server.Address.TrimEnd('/'), frame.GetProperty("server").GetString()!.TrimEnd('/')));
        Assert.All(result.Json[..^1], static frame => Assert.Equal("split", frame.GetProperty("source").GetString()));

        // People see the same.
        var table = await CommandLine.RunAsync(line);
        Assert.Equal(3, table.Output.Split('\n').Count(row => row.TrimEnd().TrimEnd('/').EndsWith(server.Address.TrimEnd('/'), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task One_file_is_served_under_its_name_and_its_address_can_be_pasted()
    {
        await using var server = await ServerProcess.StartAsync(_model, "--listen", "tcp://0.0.0.0:0", "--insecure", "--json");
        Assert.EndsWith($":{new Uri(server.Address).Port}", server.Connect, StringComparison.Ordinal);
        Assert.DoesNotContain("0.0.0.0", server.Connect, StringComparison.Ordinal);
        var result = await CommandLine.RunAsync("run", _model, "--server", $"tcp://127.0.0.1:{new Uri(server.Address).Port}", "--policy", "AllOnServer", "--frames", "2", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(1, result.Json[^1].GetProperty("serverShare").GetDouble());
        Assert.Equal(2, result.Json[^1].GetProperty("serverAloneFrames").GetInt32());
        Assert.Equal(JsonValueKind.Null, result.Json[^1].GetProperty("deviceAloneMs").ValueKind);
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task Unix_sockets_and_all_on_the_server_work_as_well()
    {
        var address = $"unix://{_folder["server.sock"]}";
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", address, "--preload", "--json");
        var result = await CommandLine.RunAsync("run", _model, "--server", address, "--policy", "AllOnServer", "--frames", "1", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal("server", result.Json[0].GetProperty("source").GetString());
        Assert.Equal("AllOnServer", result.Json[^1].GetProperty("policy").GetString());
    }

    [Fact]
    public async Task What_a_server_logs_has_the_time_and_tells_of_trials_as_they_begin()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--json");
        Assert.Equal(0, await server.StopAsync());
        var log = await server.LogAsync();
        Assert.All(log.TrimEnd().Split('\n'), static line => Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z (info|warn): ", line));
        Assert.True(log.IndexOf("[35] Trying unet 1", StringComparison.Ordinal) is >= 0 and var tried && tried < log.IndexOf("[36] Serving unet 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_required_server_that_lets_the_device_work_fails_the_run_and_one_that_answers_does_not()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--preload", "--json");
        var answered = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--partition", "4", "--frames", "3", "--no-races", "--require-server", "--json");
        Assert.Equal(("", 0), (answered.Error, answered.ExitCode));
        Assert.Empty(answered.Json[^1].GetProperty("fallbacks").EnumerateArray());
        var unanswered = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--policy", "AllOnDevice", "--frames", "3", "--require-server", "--json");
        Assert.Equal((1, 4), (unanswered.ExitCode, unanswered.Json.Length));
        Assert.Contains("3 of 3 frames were not answered by a server", unanswered.Error, StringComparison.Ordinal);
        var alone = await CommandLine.RunAsync("run", _model, "--require-server");
        Assert.Equal(2, alone.ExitCode);
        Assert.Contains("--server URI", alone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_server_everything_runs_here()
    {
        var result = await CommandLine.RunAsync("run", _model, "--frames", "2", "--fps", "1000");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("2 frames by AllOnDevice", result.Output, StringComparison.Ordinal);
        Assert.Contains("split 0 %, device 100 %, server 0 %", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"device alone [0-9.]+ ms \(2 frames\)\r?\n", result.Output);
    }

    [Fact]
    public async Task Frames_that_miss_their_deadline_are_told_apart_and_do_not_end_the_run()
    {
        var endless = _folder["endless.onnx"];
        EndlessNet.Build().Save(endless);
        string[] line = ["run", endless, "--frames", "2", "--deadline", "20", "--max-measure-seconds", "0.1"];
        var result = await CommandLine.RunAsync([.. line, "--json"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("within 20 ms", result.Error, StringComparison.Ordinal);
        Assert.All(result.Json, static frame => Assert.Equal("frame missed totalMs", CommandLine.Fields(frame)));
        Assert.Equal([0, 1], result.Json.Select(static frame => frame.GetProperty("frame").GetInt32()));

        var table = await CommandLine.RunAsync(line);
        Assert.Equal(2, table.Output.Split('\n').Count(static row => row.Contains("missed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Who_interrupts_a_run_gets_the_summary_of_what_ran()
    {
        using var process = Process.Start(CommandLine.ExecutableWith(["run", _model, "--frames", "1000000", "--json"]))!;
        var error = process.StandardError.ReadToEndAsync();
        Assert.NotNull(await process.StandardOutput.ReadLineAsync());
        using (var kill = Process.Start("bash", ["-c", $"kill -TERM {process.Id}"])) await kill.WaitForExitAsync();
        var lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
        var summary = JsonDocument.Parse(lines[^1]).RootElement;
        Assert.Equal(lines.Length, summary.GetProperty("frames").GetInt32());
        Assert.Contains("Stopped before the end.", await error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upper_and_lower_case_of_names_are_the_same()
    {
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--codec", "raw", "--codec", "quantized8", "--json");
        var result = await CommandLine.RunAsync("run", _model, "--server", server.Address, "--policy", "allonserver", "--codec", "QUANTIZED8", "--frames", "1", "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(("server", "Quantized8"), (result.Json[0].GetProperty("source").GetString(), result.Json[0].GetProperty("codec").GetString()));
        Assert.Equal("AllOnServer", result.Json[^1].GetProperty("policy").GetString());
    }

    [Theory]
    [InlineData("\n\n\n", 10, 3)]
    [InlineData("\n\n\n", 2, 2)]
    [InlineData("", 2, 0)]
    public async Task Paced_frames_wait_for_lines_and_end_with_them(string input, int frames, int expected)
    {
        var result = await CommandLine.RunOnAsync(input, "run", _model, "--paced", "--frames", $"{frames}", "--json");
        Assert.Equal((0, expected == 0), (result.ExitCode, result.Error.Contains("ended", StringComparison.Ordinal)));
        Assert.Equal(expected, result.Json.Count(static line => line.TryGetProperty("totalMs", out _)));
    }

    [Fact]
    public async Task A_fixed_partition_whose_server_is_not_there_runs_on_the_device_and_says_so()
    {
        var result = await CommandLine.RunAsync("run", _model, "--server", "tcp://127.0.0.1:1", "--policy", "AllOnServer", "--frames", "2", "--json");
        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Json.SkipLast(1), static line => Assert.Equal("device", line.GetProperty("source").GetString()));
        Assert.Contains("tcp://127.0.0.1:1", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "run MODEL --policy AllOnServer", "--server URI")]
    [InlineData(2, "run MODEL --partition 999", "999")]
    [InlineData(2, "run MODEL --policy Fixed", "Set --partition to one of")]
    [InlineData(2, "run MODEL --policy AllOnDevice --partition 4", "--policy AllOnDevice")]
    [InlineData(2, "run MODEL --server carrier-pigeon://loft:1", "carrier-pigeon")]
    [InlineData(2, "run MODEL --policy Best", "Best")]
    [InlineData(2, "run MODEL --policy MuLinUcb --policy-option hope=1", "hope")]
    [InlineData(2, "run MODEL --policy-option hope", "hope")]
    [InlineData(2, "run MODEL --codec Zip", "Zip")]
    [InlineData(2, "run MODEL --server nowhere", "nowhere")]
    [InlineData(2, "run MODEL --input nowhere.npy", "image")]
    [InlineData(2, "run MODEL --frames 0", "--frames")]
    [InlineData(2, "run MODEL --fps fast", "fast")]
    [InlineData(1, "serve --models nowhere", "nowhere")]
    [InlineData(2, "serve", "--models")]
    [InlineData(2, "serve MODEL --models nowhere", "either .onnx files")]
    [InlineData(1, "serve nowhere.onnx", "nowhere.onnx")]
    [InlineData(2, "run MODEL --deadline 0", "--deadline")]
    [InlineData(2, "serve --models nowhere --codec Zip", "ZeroBitmap")]
    [InlineData(2, "serve --models nowhere --codec Quantized8", "lossless")]
    [InlineData(2, "serve --models nowhere --listen here", "here")]
    public async Task Mistakes_are_told_in_words(int exitCode, string line, string word)
    {
        var result = await CommandLine.RunAsync([.. line.Split(' ').Select(w => w == "MODEL" ? _model : w), "--json"]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter '", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("SplitInferenceOptions", result.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode == 2, result.Error.Contains($"See splitinfer {line.Split(' ')[0]} --help.", StringComparison.Ordinal));
    }
}
