using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class InspectTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_has_a_line_for_each_partition_and_one_for_the_model()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        var result = await CommandLine.RunAsync("inspect", _folder["unet.onnx"], "--json");
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);

        var (partitions, model) = (result.Json[..^1], result.Json[^1]);
        Assert.All(partitions, static p => Assert.Equal("partition boundary boundaryBytes headMacs tailMacs admissible arm reason", CommandLine.Fields(p)));
        Assert.Equal("model fingerprint nodes partitions arms plan", CommandLine.Fields(model));
        Assert.Equal(Enumerable.Range(0, partitions.Length), partitions.Select(static p => p.GetProperty("partition").GetInt32()));
        Assert.Equal(partitions.Length, model.GetProperty("partitions").GetInt32());
        Assert.Equal(partitions.Count(static p => p.GetProperty("arm").GetBoolean()), model.GetProperty("arms").GetInt32());

        var input = partitions[0].GetProperty("boundary")[0];
        Assert.Equal("name type shape bytes", CommandLine.Fields(input));
        Assert.Equal("""{"name":"image","type":"float32","shape":[1,3,32,32],"bytes":12288}""", input.GetRawText());
        Assert.Equal(0, partitions[0].GetProperty("headMacs").GetDouble());
        Assert.Equal(0, partitions[^1].GetProperty("boundaryBytes").GetInt64());
        Assert.Equal(partitions[0].GetProperty("tailMacs").GetDouble(), partitions[^1].GetProperty("headMacs").GetDouble());
    }

    [Fact]
    public async Task A_page_shows_the_same_plan()
    {
        UNet.Build(size: 32).Save(_folder["unet.onnx"]);
        var result = await CommandLine.RunAsync("inspect", _folder["unet.onnx"], "--json", "--html", _folder["plan.html"]);
        Assert.Equal(0, result.ExitCode);
        var page = await File.ReadAllTextAsync(_folder["plan.html"]);
        Assert.Contains("<h1>unet</h1>", page, StringComparison.Ordinal);
        Assert.Contains($"{result.Json[^1].GetProperty("partitions").GetInt32()} cuts, {result.Json[^1].GetProperty("arms").GetInt32()} arms", page, StringComparison.Ordinal);
        Assert.Equal(1, (await CommandLine.RunAsync("inspect", _folder["unet.onnx"], "--html", Path.Combine(_folder.Path, "absent", "plan.html"))).ExitCode);
    }

    [Fact]
    public async Task Names_that_would_move_a_cursor_or_forge_lines_are_shown_in_words()
    {
        const string Odd = "\u001b[31mred\u0007\u202e";
        var g = new GraphBuilder("odd", seed: 1);
        g.Output(g.Relu(g.Input(Odd, Tensors.ElementType.Float32, 1, 4)), $"{Odd}out");
        g.Save(_folder["odd.onnx"]);
        await File.WriteAllTextAsync(_folder["broken.onnx"], "no model");
        var table = await CommandLine.RunAsync("inspect", _folder["odd.onnx"]);
        var broken = await CommandLine.RunAsync("inspect", _folder["broken.onnx"], "--dim", $"{Odd}=2");
        Assert.Contains(@"\u001B[31mred\u0007\u202E", table.Output, StringComparison.Ordinal);
        foreach (var text in (string[])[table.Output, table.Error, broken.Output, broken.Error])
            Assert.DoesNotContain(text, static c => c is '\u001b' or '\u0007' or '\u202e');
    }

    [Fact]
    public async Task Symbolic_sizes_follow_the_option()
    {
        TransformerEncoder.Build().Save(_folder["encoder.onnx"]);
        var result = await CommandLine.RunAsync("inspect", _folder["encoder.onnx"], "--json", "--dim", "batch=2", "--dim", "sequence=7");
        var ids = result.Json[0].GetProperty("boundary")[0];
        Assert.Equal("""{"name":"ids","type":"int64","shape":[2,7],"bytes":112,"dimensions":["batch","sequence"]}""", ids.GetRawText());
    }

    [Fact]
    public async Task A_size_for_a_dimension_that_is_not_there_is_wrong_usage()
    {
        FunctionNet.Build().Save(_folder["functions.onnx"]);
        var result = await CommandLine.RunAsync("inspect", _folder["functions.onnx"], "--dim", "sequence=7");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("batch", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_table_marks_arms_and_collapses_long_plans()
    {
        MobileNetV2.Build(size: 32, classes: 10).Save(_folder["mobilenet.onnx"]);
        var collapsed = await CommandLine.RunAsync("inspect", _folder["mobilenet.onnx"]);
        var whole = await CommandLine.RunAsync("inspect", _folder["mobilenet.onnx"], "--all");
        Assert.Equal("", collapsed.Error);
        Assert.Contains("●", collapsed.Output, StringComparison.Ordinal);
        Assert.Contains("cuts, none smaller", collapsed.Output, StringComparison.Ordinal);
        Assert.InRange(collapsed.Output.Count(static c => c == '\n'), 8, 40);
        Assert.True(whole.Output.Count(static c => c == '\n') > 100);
        Assert.All(collapsed.Output.Split('\n'), static line => Assert.True(line.Length <= 140, line));
    }

    [Theory]
    [InlineData("not a model at all")]
    [InlineData("")]
    public async Task What_is_not_ONNX_is_refused_with_the_name_of_the_file(string content)
    {
        File.WriteAllText(_folder["model.onnx"], content);
        var result = await CommandLine.RunAsync("inspect", _folder["model.onnx"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("model.onnx", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(static c => c == '\n'));
    }

    [SharedFact]
    public async Task A_model_without_operator_sets_is_refused_in_words()
    {
        var result = await CommandLine.RunAsync("inspect", SharedData.Model("super_resolution.onnx"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("operator set", result.Error, StringComparison.Ordinal);
    }
}
