using SplitInfer.Tensors;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class TryTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tcp://127.0.0.1:0")]
    [InlineData("unix")]
    public async Task Device_server_and_policy_have_the_same_class_over_a_slow_link(string address)
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["resnet.onnx"]);
        await using var server = await ServerProcess.StartAsync(_folder["resnet.onnx"], "--listen", address == "unix" ? $"unix://{_folder["server.sock"]}" : address, "--json");
        var result = await CommandLine.RunAsync("try", _folder["resnet.onnx"], "--server", server.Address, "--slow-device", "2x", "--mbps", "200", "--frames", "7", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var (rows, end) = (result.Json[..^1], result.Json[^1]);
        Assert.Equal(["device alone", "server alone", "the policy"], rows.Select(static row => row.GetProperty("contender").GetString()));
        Assert.All(rows, static row => Assert.Equal("contender policy frames meanMs p50Ms p95Ms deviceShare splitShare serverShare bytesSent", CommandLine.Fields(row)));
        Assert.All(rows, static row => Assert.Equal(7, row.GetProperty("frames").GetInt32()));
        Assert.Equal((1, 1), (rows[0].GetProperty("deviceShare").GetDouble(), rows[1].GetProperty("serverShare").GetDouble()));

        Assert.Equal("model slowDevice mbps partition policyMs deviceMs serverMs sameClass maxAbsDiff summary", CommandLine.Fields(end));
        Assert.Equal((2, 200), (end.GetProperty("slowDevice").GetDouble(), end.GetProperty("mbps").GetDouble()));
        Assert.True(end.GetProperty("sameClass").GetBoolean());
        Assert.InRange(end.GetProperty("maxAbsDiff").GetDouble(), 0, 1e-3);
        Assert.EndsWith("; same class", end.GetProperty("summary").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_get_one_table_and_one_sentence()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        await using var server = await ServerProcess.StartAsync(_folder["unet.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
        var result = await CommandLine.RunAsync("try", _folder["unet.onnx"], "--server", server.Address, "--frames", "3");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, lines.Length);
        Assert.Equal(["device alone", "server alone", "the policy"], lines[1..4].Select(static line => line[..12].TrimEnd()));
        Assert.Matches("^(split at [0-9]+|all on the (device|server)): [0-9.]+ ms; device alone [0-9.]+; server alone [0-9.]+; outputs within ", lines[4]);
    }

    [Fact]
    public async Task A_picture_is_sent_as_a_JPEG_as_well_where_the_server_knows_how()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["resnet.onnx"]);
        SavePicture(_folder["picture.npy"]);
        await using var server = await ServerProcess.StartAsync(_folder["resnet.onnx"], "--listen", "tcp://127.0.0.1:0", "--image-codecs", "jpeg:95,png", "--preprocessing", "ZeroToOne", "--json");
        var result = await CommandLine.RunAsync("try", _folder["resnet.onnx"], "--server", server.Address, "--input", _folder["picture.npy"], "--frames", "3", "--json");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(["device alone", "server alone", "server alone, JPEG q95", "the policy"], result.Json[..^1].Select(static row => row.GetProperty("contender").GetString()));
        var (raw, picture) = (result.Json[1], result.Json[2]);
        Assert.Equal("contender policy frames meanMs p50Ms p95Ms deviceShare splitShare serverShare bytesSent codec sameClass", CommandLine.Fields(picture));
        Assert.Equal("Jpeg95-ZeroToOne", picture.GetProperty("codec").GetString());
        Assert.Equal(1, picture.GetProperty("serverShare").GetDouble());
        Assert.True(picture.GetProperty("bytesSent").GetInt64() < raw.GetProperty("bytesSent").GetInt64() / 4);
        // What the picture loses says nothing of the others.
        Assert.True(result.Json[^1].GetProperty("sameClass").GetBoolean());
        Assert.InRange(result.Json[^1].GetProperty("maxAbsDiff").GetDouble(), 0, 1e-3);

        var table = await CommandLine.RunAsync("try", _folder["resnet.onnx"], "--server", server.Address, "--input", _folder["picture.npy"], "--image-codecs", "png,webp:50", "--frames", "3");
        Assert.Equal(0, table.ExitCode);
        Assert.Contains("Without the server alone, WebP q50: the server does not take codec 'WebP50-ZeroToOne'", table.Error, StringComparison.Ordinal);
        Assert.Matches("(?m)^server alone, PNG +[0-9]", table.Output);
        Assert.Matches("; server alone, PNG [0-9.]+ \\(same class\\)", table.Output);
    }

    [Fact]
    public async Task An_input_that_was_not_made_of_bytes_is_no_picture()
    {
        ResNet18.Build(size: 32, classes: 10, width: 8).Save(_folder["resnet.onnx"]);
        using var noise = RandomTensor.Normal(new Random(1), ElementType.Float32, [1, 3, 32, 32]);
        NpyFile.Write(_folder["noise.npy"], noise);
        await using var server = await ServerProcess.StartAsync(_folder["resnet.onnx"], "--listen", "tcp://127.0.0.1:0", "--json");
        var result = await CommandLine.RunAsync("try", _folder["resnet.onnx"], "--server", server.Address, "--input", _folder["noise.npy"], "--frames", "3", "--json");
        Assert.Equal(4, result.Json.Length);
        Assert.StartsWith("Without the server alone with a JPEG: It was not found how", result.Error, StringComparison.Ordinal);
    }

    private static void SavePicture(string path)
    {
        using var tensor = TensorValue.Allocate(ElementType.Float32, new(1, 3, 32, 32));
        var values = tensor.Span<float>();
        for (var at = 0; at < values.Length; at++) values[at] = (at % 1024 / 4) * (1f / 255);
        NpyFile.Write(path, tensor);
    }

    [Theory]
    [InlineData(2, "try MODEL", "--server")]
    [InlineData(2, "try MODEL --server nowhere", "nowhere")]
    [InlineData(2, "try MODEL --server tcp://127.0.0.1:1 --slow-device fast", "8x")]
    [InlineData(2, "try MODEL --server tcp://127.0.0.1:1 --slow-device 0.5x", "8x")]
    [InlineData(2, "try MODEL --server tcp://127.0.0.1:1 --mbps 0", "--mbps")]
    [InlineData(1, "try MODEL --server tcp://127.0.0.1:1", "tcp://127.0.0.1:1")]
    public async Task Mistakes_are_told_in_words(int exitCode, string line, string word)
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        var result = await CommandLine.RunAsync([.. line.Split(' ').Select(w => w == "MODEL" ? _folder["unet.onnx"] : w), "--json"]);
        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(word, result.Error, StringComparison.Ordinal);
    }
}
