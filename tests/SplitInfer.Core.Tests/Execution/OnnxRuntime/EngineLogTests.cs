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
        var (mine, others) = (new Lines(LogLevel.Warning), new Lines(LogLevel.Warning));
        using var session = Failing().Load(new() { IntraOpThreads = 1, Logger = mine });
        using var other = Failing().Load(new() { IntraOpThreads = 1, Logger = others });

        Fail(session);

        Assert.Contains(mine.All, static line => line.Level == LogLevel.Error && line.Text.Contains("Reshape", StringComparison.Ordinal));
        Assert.Empty(others.All);
    }

    [Fact]
    public void A_logger_that_wants_little_gets_little()
    {
        var critical = new Lines(LogLevel.Critical);
        using var session = Failing().Load(new() { IntraOpThreads = 1, Logger = critical });

        Fail(session);

        Assert.Empty(critical.All);
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
    public void A_logger_that_throws_does_no_harm()
    {
        using var session = Failing().Load(new() { IntraOpThreads = 1, Logger = new Broken() });

        Fail(session);
        Fail(session);
    }

    private static void Fail(IEngineSession session)
    {
        using var input = Tensor.From<float>([1, 2, 3, 4, 5, 6]);
        using var wrong = Tensor.From<long>([4, 2]);
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
