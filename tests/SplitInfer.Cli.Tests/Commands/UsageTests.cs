namespace SplitInfer.Cli.Tests.Commands;

public sealed class UsageTests
{
    [Theory]
    [InlineData("bench")]
    [InlineData("inspect model.onnx other.onnx")]
    [InlineData("inspect --colour")]
    [InlineData("inspect model.onnx --dim")]
    [InlineData("inspec model.onnx")]
    [InlineData("inspect")]
    [InlineData("inspect model.onnx --colour")]
    [InlineData("inspect model.onnx --threads -1")]
    [InlineData("inspect model.onnx --threads many")]
    [InlineData("inspect model.onnx --dim batch")]
    [InlineData("inspect model.onnx --dim batch=-1")]
    public async Task Wrong_usage_is_told_on_standard_error_with_exit_code_2(string line)
    {
        var result = await CommandLine.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_types_nothing_is_shown_the_commands_and_where_to_begin()
    {
        var result = await CommandLine.RunAsync();
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.All((string[])["inspect", "verify", "split", "calibrate", "tailor", "exits", "evaluate", "serve", "ping", "top", "try", "run", "simulate", "bench"], command => Assert.Contains($"\n  {command} ", result.Output, StringComparison.Ordinal));
        Assert.Equal(3, result.Output[result.Output.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n').Count(static line => line.StartsWith("  splitinfer ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("inspec model.onnx", "inspect")]
    [InlineData("bench polcy", "policy")]
    [InlineData("inspect model.onnx --dimm batch=1", "--dim")]
    [InlineData("inspect --dimm=batch=1", "--dim")]
    [InlineData("inspect model.onnx --tread 1", "--threads")]
    [InlineData("run model.onnx frames 3", "--frames")]
    [InlineData("run model.onnx --policy MuLinUbc", "MuLinUcb")]
    [InlineData("simulate --scenario world.json --policy neurosurgon", "Neurosurgeon")]
    [InlineData("run model.onnx --codec quantised8", "Quantized8")]
    [InlineData("serve --models . --codec Raww", "Raw")]
    public async Task What_was_meant_is_suggested(string line, string meant)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains($"Did you mean '{meant}'?", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_suggested_where_nothing_is_near()
    {
        var result = await CommandLine.RunAsync("inspect", "model.onnx", "--wavelength", "3");
        Assert.Equal($"splitinfer inspect has no option '--wavelength'.{Environment.NewLine}See splitinfer inspect --help.{Environment.NewLine}", result.Error);
    }

    [Theory]
    [InlineData("inspect model.onnx --max-boundary-tensors many", "--max-boundary-tensors takes a whole number, not 'many'.")]
    [InlineData("run model.onnx --fps fast", "--fps takes a number, not 'fast'.")]
    [InlineData("run model.onnx --frames", "--frames needs a value: --frames N.")]
    [InlineData("run", "splitinfer run needs MODEL: An .onnx file, or the family.json of a family, or its folder.")]
    public async Task Wrong_values_are_told_without_types_of_the_runtime(string line, string told)
    {
        var result = await CommandLine.RunAsync(line.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(told + Environment.NewLine, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("inspect ")]
    [InlineData("verify ")]
    [InlineData("calibrate ")]
    [InlineData("serve ")]
    [InlineData("run ")]
    [InlineData("split ")]
    [InlineData("exits add ")]
    [InlineData("exits test ")]
    [InlineData("ping ")]
    [InlineData("try ")]
    public async Task Help_teaches(string command)
    {
        var result = await CommandLine.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Error);
        Assert.Contains("--json", result.Output, StringComparison.Ordinal);
        if (command.Length > 0) Assert.Contains($"Examples:{Environment.NewLine}  splitinfer {command}", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--threads 1")]
    public async Task Errors_are_told_on_standard_error_with_exit_code_1(string option)
    {
        var result = await CommandLine.RunAsync(["inspect", "nowhere.onnx", .. option.Split(' ')]);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains("nowhere.onnx", result.Error, StringComparison.Ordinal);
    }
}
