using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using SplitInfer.Execution;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

public sealed class EngineLogTests
{
    [Fact]
    public void Lines_about_a_session_reach_its_own_logger()
    {
        var (mine, others) = (new Lines(LogLevel.Trace), new Lines(LogLevel.Trace));
        using var other = Failing().Load(new() { IntraOpThreads = 1, Logger = others });
        var before = others.All.Count;

        using var session = Failing().Load(new() { IntraOpThreads = 1, Logger = mine });

        Assert.NotEmpty(mine.All);
        Assert.Equal(before, others.All.Count);
    }

    [Fact]
    public void A_run_that_fails_is_raised_and_is_no_line_besides()
    {
        var lines = new Lines(LogLevel.Warning);
        using var session = Failing().Load(new() { IntraOpThreads = 1, Logger = lines });

        Fail(session);

        Assert.Empty(lines.All);
    }

    [Fact]
    public void Details_of_the_graph_are_for_who_asks_for_them()
    {
        var details = new Lines(LogLevel.Trace);
        Failing().Load(new() { IntraOpThreads = 1, Logger = details }).Dispose();

        Assert.Contains(details.All, static line => line.Level <= LogLevel.Debug);
        Assert.DoesNotContain(details.All, static line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public void Lines_about_a_model_that_is_only_written_reach_the_logger_of_that_call()
    {
        var (mine, others) = (new Lines(LogLevel.Trace), new Lines(LogLevel.Trace));
        using var other = Failing().Load(new() { IntraOpThreads = 1, Logger = others });
        var before = others.All.Count;

        SessionRuns.Engine.Optimize(Failing().ToBytes(), new() { IntraOpThreads = 1, Logger = mine }, null);

        Assert.NotEmpty(mine.All);
        Assert.Equal(before, others.All.Count);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_is_no_line()
    {
        var g = new GraphBuilder();
        var (state, times) = (g.Input("state", ElementType.Float32, 4), g.Input("times", ElementType.Int64));
        var body = g.Body("body");
        body.Input("i", ElementType.Int64);
        var go = body.Input("go", ElementType.Bool);
        var inner = body.Input("inner", ElementType.Float32, 4);
        body.Output(body.Identity(go));
        body.Output(body.Node("Neg", [inner]));
        g.Output(g.Node("Loop", [times, null, state], ("body", body)).Typed(ElementType.Float32), "y");
        var lines = new Lines(LogLevel.Warning);
        using var session = g.Load(new() { IntraOpThreads = 1, Logger = lines });
        using var four = TensorValue.From<float>([1, 2, 3, 4]);
        using var ever = TensorValue.From<long>([long.MaxValue]);
        using var cancellation = new CancellationTokenSource(20);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Run(() => session.Run([four, ever], new TensorValue[1], cancellation.Token)));

        Assert.Empty(lines.All);
    }

    [Fact]
    public void A_logger_that_throws_does_no_harm()
    {
        using var session = Failing().Load(new() { IntraOpThreads = 1, Logger = new Broken() });

        Fail(session);
        Fail(session);
    }

    private static void Fail(IEngineSession session)
    {
        using var input = TensorValue.From<float>([1, 2, 3, 4, 5, 6]);
        using var wrong = TensorValue.From<long>([4, 2]);
        Assert.Throws<EngineException>(() => session.Run(input, wrong));
    }

    private static GraphBuilder Failing()
    {
        var g = new GraphBuilder();
        g.Output(g.Node("Reshape", [g.Input("x", ElementType.Float32, 6), g.Input("shape", ElementType.Int64, 2)]));
        return g;
    }

    private sealed class Lines(LogLevel least) : ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Enqueue((logLevel, formatter(state, exception)));
    }

    private sealed class Broken : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("no disk");
    }
}
