using SplitInfer.Exits;
using SplitInfer.Partitioning;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class ExitsTests : IDisposable
{
    private const int Samples = 120;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Exits_are_made_and_tested()
    {
        Save();
        var made = await AddAsync("--max-loss", "10%", "--json");
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
        var chosen = made.Json.SkipLast(1).Where(static line => line.GetProperty("chosen").GetBoolean()).ToArray();
        Assert.NotEmpty(chosen);
        Assert.All(chosen, static line => Assert.Equal("partition boundary features computation agreement saving chosen threshold temperature exitRate", CommandLine.Fields(line)));
        Assert.Equal("file exits samples training calibration thresholding maxLoss confidence bound errors lossHigh exitRate saving", CommandLine.Fields(made.Json[^1]));
        Assert.Equal((Samples, 0.1), (made.Json[^1].GetProperty("samples").GetInt32(), made.Json[^1].GetProperty("maxLoss").GetDouble()));
        ExitsFile.Load(_folder["exits.json"]).RequireFor(PartitionedModel.Load(_folder["model.onnx"]).Plan);

        File.WriteAllLines(_folder["labels.txt"], Enumerable.Repeat("1", Samples));
        var tested = await TestAsync("--labels", _folder["labels.txt"], "--json");
        Assert.Equal((0, ""), (tested.ExitCode, tested.Error));
        Assert.Equal("samples exitRate agreement accuracy fullAccuracy meanMs fullMs agreementLow exits", CommandLine.Fields(Assert.Single(tested.Json)));
        Assert.Equal(Samples, tested.Json[0].GetProperty("samples").GetInt32());
        Assert.InRange(tested.Json[0].GetProperty("agreement").GetDouble(), 0.85, 1);
        Assert.Equal("samples exitRate agreement meanMs fullMs agreementLow exits", CommandLine.Fields(Assert.Single((await TestAsync("--json")).Json)));
    }

    [Fact]
    public async Task People_see_tables()
    {
        Save();
        var made = await AddAsync("--max-loss", "0.1", "--confidence", "90%", "--at", "2");
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
        Assert.Contains("1 exit, kept in", made.Output, StringComparison.Ordinal);
        Assert.Contains("With 90 % confidence at most", made.Output, StringComparison.Ordinal);
        var tested = await TestAsync();
        Assert.Contains("cut 2", tested.Output, StringComparison.Ordinal);
        Assert.Contains("the end", tested.Output, StringComparison.Ordinal);
        Assert.Contains("90.00 % was promised", tested.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-loss 0.1%", 1, "--max-loss 4.1%")]
    [InlineData("--max-loss 10% --at 99", 1, "splitinfer inspect")]
    [InlineData("--max-loss 10% --at x", 2, "such as 4,9")]
    [InlineData("--max-loss 100%", 2, "such as 0.1% or 0.001")]
    [InlineData("--max-loss little", 2, "such as 0.1% or 0.001")]
    [InlineData("--max-loss 10% --max-features 1", 1, "--max-features")]
    public async Task What_is_wrong_is_told_with_what_helps(string options, int exitCode, string word)
    {
        Save();
        var result = await AddAsync([.. options.Split(' '), "--json"]);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["exits.json"]));
    }

    [Fact]
    public async Task Exits_of_another_model_are_refused()
    {
        Save();
        await AddAsync("--max-loss", "10%");
        Save(seed: 2);
        var result = await TestAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("splitinfer exits add", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_says_which_exit_answered_and_what_exits_say_on_the_way()
    {
        Save();
        await AddAsync("--max-loss", "10%", "--at", "2");
        var run = await CommandLine.RunAsync(["run", _folder["model.onnx"], "--exits", _folder["exits.json"], "--frames", "5", "--progressive", "--json"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("The input is made up, and exits are rarely sure of such: give real ones with --input, a file or a folder of them.", run.Error.Trim());
        var (early, last) = (run.Json.Where(static line => line.TryGetProperty("early", out var isEarly) && isEarly.GetBoolean()).ToArray(), run.Json.Where(static line => line.TryGetProperty("early", out var isEarly) && !isEarly.GetBoolean()).ToArray());
        Assert.All(early, static line => Assert.True(line.GetProperty("exit").GetInt32() == 1 && line.GetProperty("confidence").GetDouble() is > 0 and <= 1));
        Assert.Equal((5, 0), (last.Length, last.Sum(static line => line.GetProperty("exit").GetInt32())));
        Assert.Equal(0, run.Json[^1].GetProperty("exitShare").GetDouble());
        Assert.NotEmpty(early);

        var table = await CommandLine.RunAsync(["run", _folder["model.onnx"], "--exits", _folder["exits.json"], "--frames", "2"]);
        Assert.Contains("exit   sure", table.Output, StringComparison.Ordinal);
        Assert.Contains("exits answered", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("server alone", table.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await CommandLine.RunAsync(["run", _folder["model.onnx"], "--progressive"])).ExitCode);
    }

    [Fact]
    public async Task A_run_takes_the_files_of_a_folder_in_turn()
    {
        Save();
        await AddAsync("--max-loss", "10%", "--at", "2");
        var run = await CommandLine.RunAsync(["run", _folder["model.onnx"], "--exits", _folder["exits.json"], "--input", _folder["samples"], "--frames", "20", "--progressive", "--user", "camera-7", "--json"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        // One input for all frames would always make an exit as sure.
        Assert.InRange(run.Json.Where(static line => line.TryGetProperty("confidence", out _)).Select(static line => line.GetProperty("confidence").GetDouble()).Distinct().Count(), 10, 20);
        Assert.All(run.Json[..^1], static line => Assert.True(line.GetProperty("encodeMs").GetDouble() == 0));
    }

    [Theory]
    [InlineData("--min-quality 0.9", "--min-quality needs exits")]
    [InlineData("--exits EXITS --min-quality 95", "such as 95% or 0.95, not '95'")]
    [InlineData("--exits EXITS --min-quality 101%", "such as 95% or 0.95")]
    [InlineData("--min-agreement much", "such as 95% or 0.95")]
    [InlineData("--user 12345678901234567890123456789012345678901234567890123456789012345", "--user takes at most 64 bytes")]
    public async Task What_a_run_cannot_use_is_told(string options, string words)
    {
        Save();
        var run = await CommandLine.RunAsync(["run", _folder["model.onnx"], .. options.Replace("EXITS", _folder["exits.json"], StringComparison.Ordinal).Split(' ')]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_takes_the_exits_beside_a_file_and_says_what_it_passes_over()
    {
        Save();
        await AddAsync("--max-loss", "10%", "--at", "2");
        await using (var server = await ServerProcess.StartAsync(_folder["model.onnx"], "--listen", "tcp://127.0.0.1:0", "--json"))
        {
            var run = await CommandLine.RunAsync(["run", _folder["model.onnx"], "--server", server.Address, "--policy", "AllOnServer", "--no-races", "--input", _folder["samples"], "--frames", "20", "--min-quality", "10%", "--json"]);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            // Which exit answers is the server's choice; that there are exits is not.
            Assert.All(run.Json[..^1], static line => Assert.True(line.TryGetProperty("exit", out _)));
            await server.StopAsync();
            Assert.DoesNotContain("without exits", await server.LogAsync(), StringComparison.Ordinal);
        }

        File.Move(_folder["exits.json"], _folder["model.exits.json"]);
        Assert.Contains("is served without exits: '", await LogOfAsync(), StringComparison.Ordinal);
        File.Move(_folder["model.exits.json"], _folder["exits.json"]);
        Save(seed: 2);
        Assert.Contains("is served without exits: The exits", await LogOfAsync(), StringComparison.Ordinal);

        async Task<string> LogOfAsync()
        {
            await using var server = await ServerProcess.StartAsync(_folder["model.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
            await server.StopAsync();
            return await server.LogAsync();
        }
    }

    [Fact]
    public async Task A_directory_with_exits_by_another_name_is_warned_of()
    {
        Save();
        await AddAsync("--max-loss", "10%", "--at", "2");
        Directory.CreateDirectory(_folder["models/small/1"]);
        File.Copy(_folder["model.onnx"], _folder["models/small/1/model.onnx"]);
        File.Copy(_folder["exits.json"], _folder["models/small/1/small.exits.json"]);
        await using var server = await ServerProcess.StartAsync("--models", _folder["models"], "--listen", "tcp://127.0.0.1:0", "--no-trial", "--json");
        await server.StopAsync();
        Assert.Contains("small 1 is served without exits: ", await server.LogAsync(), StringComparison.Ordinal);
    }

    private Task<CommandLine> AddAsync(params string[] options) => CommandLine.RunAsync(["exits", "add", _folder["model.onnx"], "--data", _folder["samples"], "--out", _folder["exits.json"], .. options]);

    private Task<CommandLine> TestAsync(params string[] options) => CommandLine.RunAsync(["exits", "test", _folder["model.onnx"], "--exits", _folder["exits.json"], "--data", _folder["samples"], .. options]);

    private void Save(int seed = 1)
    {
        var g = new GraphBuilder(seed: seed);
        var x = g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 6), 16));
        g.Output(g.Gemm(g.Relu(g.Gemm(x, 32)), 3, gain: 3), "y");
        g.Save(_folder["model.onnx"]);
        for (var sample = 0; sample < Samples; sample++)
        {
            using var tensor = RandomTensor.Normal(new(sample), ElementType.Float32, 1, 6);
            NpyFile.Write(_folder[$"samples/{sample:000}.npy"], tensor);
        }
    }
}
