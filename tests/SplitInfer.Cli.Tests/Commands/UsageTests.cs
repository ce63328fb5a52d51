namespace SplitInfer.Cli.Tests.Commands;

public sealed class UsageTests
{
    [Theory]
    [InlineData("")]
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

    [Theory]
    [InlineData("")]
    [InlineData("inspect ")]
    [InlineData("verify ")]
    [InlineData("calibrate ")]
    [InlineData("serve ")]
    [InlineData("run ")]
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
