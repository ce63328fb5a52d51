using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>The engine ends the process when a session is released while it runs, or runs after it was released.</summary>
public sealed class SessionLifetimeTests
{
    private static readonly TimeSpan GiveUp = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_session_may_be_disposed_while_it_runs()
    {
        var session = Loop().Load();
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var ever = TensorValue.From<long>([long.MaxValue]);
        using var cancellation = new CancellationTokenSource();
        var run = Task.Run(() => session.Run([state, ever], new TensorValue[1], cancellation.Token));
        Assert.True(SpinWait.SpinUntil(() => ((OnnxRuntimeSession)session).ActiveRuns > 0, GiveUp));

        session.Dispose();
        session.Dispose();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(GiveUp));
        Assert.Equal(0, ((OnnxRuntimeSession)session).ActiveRuns);
    }

    [Fact]
    public void A_session_that_was_disposed_refuses_to_run()
    {
        var session = Loop().Load();
        session.Dispose();
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var once = TensorValue.From<long>([1]);

        Assert.Throws<ObjectDisposedException>(() => session.Run([state, once], new TensorValue[1]));
    }

    [Fact]
    public async Task Disposal_may_meet_many_runs()
    {
        using var state = TensorValue.From<float>([1, 2, 3, 4]);
        using var some = TensorValue.From<long>([50]);
        for (var round = 0; round < 50; round++)
        {
            var session = Loop().Load();
            var runs = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                for (var i = 0; i < 20; i++) session.RunOne(state, some).Dispose();
            })).ToArray();
            session.Dispose();
            foreach (var run in runs)
                if (await Record.ExceptionAsync(() => run) is { } error) Assert.IsType<ObjectDisposedException>(error);
        }
    }

    /// <summary>Negates <c>state</c> as many times as <c>times</c> says.</summary>
    private static GraphBuilder Loop()
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
        return g;
    }
}
