using SplitInfer.Policies.Quality;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A coordinator to whom no server's time costs anything, for a server that is compared with one whose time does.</summary>
internal sealed class NoPrices : IQualityCoordination
{
    /// <inheritdoc/>
    public ValueTask<uint> JoinAsync(string node, IReadOnlyList<QualityCurve> curves, CancellationToken cancellationToken = default) => ValueTask.FromResult(1u);

    /// <inheritdoc/>
    public ValueTask<PriceMessage> ReportAsync(LoadReport report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ValueTask.FromResult(new PriceMessage(report.Node, report.Sequence, Price: 0));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
