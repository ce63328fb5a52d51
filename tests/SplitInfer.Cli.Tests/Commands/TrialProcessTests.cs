using SplitInfer.Cli.Commands.Serve;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Cli.Tests.Commands;

public sealed class TrialProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_that_can_be_planned_passes() => Assert.Null(await new TrialProcess([], Patience, long.MaxValue).TryAsync(Good(), CancellationToken.None));

    [Fact]
    public async Task A_model_that_cannot_is_told_of_in_the_words_of_the_program()
    {
        File.WriteAllText(_folder["bad.onnx"], "no model");
        var reason = await new TrialProcess([], Patience, long.MaxValue).TryAsync(_folder["bad.onnx"], CancellationToken.None);
        Assert.Contains("bad.onnx", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("the process", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_takes_too_long_is_ended() =>
        Assert.Contains("ran for more than", await new TrialProcess([], TimeSpan.FromTicks(1), long.MaxValue).TryAsync(Good(), CancellationToken.None), StringComparison.Ordinal);

    [Fact]
    public async Task One_that_takes_too_much_memory_is_ended() =>
        Assert.Contains("bytes of memory", await new TrialProcess([], Patience, bytes: 1).TryAsync(Good(), CancellationToken.None), StringComparison.Ordinal);

    [Fact]
    public async Task One_that_dies_otherwise_is_told_of_by_how_it_ended() =>
        Assert.Contains("ended with code 2", await new TrialProcess(["--no-such-option"], Patience, long.MaxValue).TryAsync(Good(), CancellationToken.None), StringComparison.Ordinal);

    private string Good()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("Relu", [g.Input("x", ElementType.Float32, 1, 8)]), "y");
        File.WriteAllBytes(_folder["good.onnx"], g.ToBytes());
        return _folder["good.onnx"];
    }
}
