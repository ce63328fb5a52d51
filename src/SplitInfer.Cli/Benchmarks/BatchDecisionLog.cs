using Microsoft.Extensions.Logging;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>Remembers what a server says of whether requests run together. Thread-safe.</summary>
internal sealed class BatchDecisionLog : ILoggerFactory, ILogger
{
    private volatile string? _decision;

    /// <summary>What it said first; null before.</summary>
    public string? Decision => _decision;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider)
    {
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name is "Batches" or "DoesNotBatch" or "BatchNotTried") _decision ??= formatter(state, exception);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
