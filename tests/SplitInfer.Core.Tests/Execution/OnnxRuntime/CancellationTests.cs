using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class CancellationTests
{
    // A run that is not stopped goes on for as good as ever; the suite must not.
    private static readonly TimeSpan GiveUp = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(200)]
    public async Task A_run_that_would_never_end_is_stopped(int milliseconds)
    {
        using var session = Endless().Load();
        using var runner = session.ToRunner();
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var times = TensorValue.From<long>([long.MaxValue]);
        using var cancellation = new CancellationTokenSource(milliseconds);
        var outputs = new TensorValue[1];

        var run = runner.RunAsync(new[] { state, times }, outputs, cancellation.Token).AsTask();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(GiveUp));

        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.True(run.IsCanceled);
        Assert.Null(outputs[0]);
    }

    [Fact]
    public async Task After_a_cancelled_run_the_session_runs_as_before()
    {
        using var session = Endless().Load();
        using var runner = session.ToRunner();
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var ever = TensorValue.From<long>([long.MaxValue]);
        using var once = TensorValue.From<long>([1]);
        using var cancellation = new CancellationTokenSource(20);
        var outputs = new TensorValue[1];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => runner.RunAsync(new[] { state, ever }, outputs, cancellation.Token).AsTask().WaitAsync(GiveUp));

        await runner.RunAsync(new[] { state, once }, outputs);

        using var output = outputs[0];
        Assert.Equal([-1f, -2, -3, -4], output.Span<float>().ToArray());
    }

    [Fact]
    public async Task Only_the_run_whose_token_it_is_is_stopped()
    {
        using var session = Endless().Load();
        using var runner = session.ToRunner();
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var ever = TensorValue.From<long>([long.MaxValue]);
        using var some = TensorValue.From<long>([20_001]);
        using var cancellation = new CancellationTokenSource();
        var (stopped, finished) = (new TensorValue[1], new TensorValue[1]);

        var endless = runner.RunAsync(new[] { state, ever }, stopped, cancellation.Token).AsTask();
        var bounded = runner.RunAsync(new[] { state, some }, finished).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless.WaitAsync(GiveUp));
        await bounded.WaitAsync(GiveUp);
        using var output = finished[0];
        Assert.Equal(-4, output.Span<float>()[3]);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_beforehand_starts_nothing()
    {
        using var session = Endless().Load();
        using var runner = session.ToRunner();
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var ever = TensorValue.From<long>([long.MaxValue]);
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(new[] { state, ever }, new TensorValue[1], cancelled).AsTask());
        Assert.ThrowsAny<OperationCanceledException>(() => session.Run([state, ever], new TensorValue[1], cancelled));
    }

    /// <summary>Negates <c>state</c> as many times as <c>times</c> says.</summary>
    private static GraphBuilder Endless()
    {
        var g = new GraphBuilder();
        var state = g.Input("state", ElementType.Float32, 4);
        var times = g.Input("times", ElementType.Int64);
        var body = g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var inner = body.Input("inner", ElementType.Float32, 4);
        body.Output(body.Identity(go));
        body.Output(body.Node("Neg", [inner]));
        g.Output(g.Node("Loop", [times, null, state], ("body", body)).Typed(ElementType.Float32), "y");
        g.Graph.Output[0] = Infos.Of("y", ElementType.Float32, [4]);
        return g;
    }
}
