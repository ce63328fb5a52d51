using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands;

/// <summary>That the benchmark prints what the contract says, and no answer is another one's; never what it measures.</summary>
public sealed class BenchAnytimeTests : IDisposable
{
    private const int Samples = 120, Requests = 24;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LongFact]
    [Trait("Category", "Long")]
    public async Task Every_answer_is_that_of_whom_it_names_whatever_links_and_servers_do()
    {
        await MakeAsync();
        var result = await CommandLine.StartAsync([.. Command, "--deadlines", "40,80", "--requests", $"{Requests}", "--stretch", "2", "--slowdown", "400", "--json"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal("deviceMs modelAccuracy exitMs exitAccuracy", CommandLine.Fields(result.Json[0]));
        Assert.Equal(["Race 40", "NoExtraWork 40", "Race 80", "NoExtraWork 80"], result.Json[1..].Select(static row => $"{row.GetProperty("contender").GetString()} {row.GetProperty("deadlineMs").GetDouble()}"));
        foreach (var row in result.Json[1..])
        {
            Assert.Equal("contender deadlineMs requests late lateAlone latestMs timersLate missed wrong accuracy oracleAccuracy ratio exitShare serverShare extraShare cpuMs faults", CommandLine.Fields(row));
            Assert.Equal((Requests, 0), (row.GetProperty("requests").GetInt32(), row.GetProperty("wrong").GetInt32()));
            var faults = row.GetProperty("faults").EnumerateArray().ToArray();
            Assert.All(faults, static fault => Assert.Equal("fault requests late missed serverShare accuracy oracleAccuracy", CommandLine.Fields(fault)));
            Assert.Equal(Requests, faults.Sum(static fault => fault.GetProperty("requests").GetInt32()));
        }
    }

    [LongFact]
    [Trait("Category", "Long")]
    public async Task People_see_tables()
    {
        await MakeAsync();
        var result = await CommandLine.StartAsync([.. Command, "--deadlines", "40", "--requests", "4", "--stretch", "1"]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("the model", result.Output, StringComparison.Ordinal);
        Assert.Contains("NoExtraWork", result.Output, StringComparison.Ordinal);
        Assert.Contains("right in time %", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--slowdown 0", "--slowdown takes")]
    [InlineData("--deadlines x", "--deadlines takes")]
    [InlineData("--stretch 0", "--stretch takes")]
    public async Task What_is_wrong_is_told(string options, string word)
    {
        var result = await CommandLine.RunAsync(["bench", "anytime", "model.onnx", "--exits", "exits.json", "--inputs", "samples", .. options.Split(' ')]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
    }

    private string[] Command => ["bench", "anytime", _folder["model.onnx"], "--exits", _folder["exits.json"], "--inputs", _folder["samples"]];

    private async Task MakeAsync()
    {
        var g = new GraphBuilder(seed: 1);
        var x = g.Relu(g.Gemm(g.Input("x", ElementType.Float32, 1, 6), 16));
        g.Output(g.Gemm(g.Relu(g.Gemm(x, 32)), 3, gain: 3), "y");
        g.Save(_folder["model.onnx"]);
        for (var sample = 0; sample < Samples; sample++)
        {
            using var tensor = RandomTensor.Normal(new(sample), ElementType.Float32, 1, 6);
            NpyFile.Write(_folder[$"samples/{sample:000}.npy"], tensor);
        }

        var made = await CommandLine.RunAsync("exits", "add", _folder["model.onnx"], "--data", _folder["samples"], "--max-loss", "10%", "--at", "2", "--out", _folder["exits.json"]);
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
    }
}
