namespace SplitInfer.Policies.Quality;

/// <summary>The coordination of nodes in one process. Thread-safe; it holds nothing that has to be released.</summary>
/// <param name="options">The knobs of the coordinator; null for the defaults.</param>
/// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
public sealed class LocalCoordination(QualityCoordinatorOptions? options = null) : IQualityCoordination
{
    private readonly Lock _lock = new();
    private readonly QualityCoordinatorOptions _options = Validated(options ?? new());
    private readonly Dictionary<string, uint> _numbers = new(StringComparer.Ordinal);

    // A node's price is for its own seconds, and its reports speak of its own curves.
    private readonly Dictionary<uint, QualityCoordinator> _nodes = [];
    private uint _last;

    /// <inheritdoc/>
    /// <exception cref="NodeRefusedException">There are as many nodes as <see cref="QualityCoordinatorOptions.MaxNodes"/> allows.</exception>
    public ValueTask<uint> JoinAsync(string node, IReadOnlyList<QualityCurve> curves, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        ArgumentNullException.ThrowIfNull(curves);
        cancellationToken.ThrowIfCancellationRequested();
        var coordinator = new QualityCoordinator(_options);
        foreach (var curve in curves) coordinator.Add(curve);
        lock (_lock)
        {
            if (!_numbers.TryGetValue(node, out var number))
            {
                if (_numbers.Count >= _options.MaxNodes) throw new NodeRefusedException($"There are {_numbers.Count} nodes, as many as {nameof(QualityCoordinatorOptions.MaxNodes)} allows. Raise it.");
                _numbers[node] = number = ++_last;
            }

            _nodes[number] = coordinator;
            return ValueTask.FromResult(number);
        }
    }

    /// <inheritdoc/>
    public ValueTask<PriceMessage> ReportAsync(LoadReport report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(report);
        cancellationToken.ThrowIfCancellationRequested();
        QualityCoordinator? coordinator;
        lock (_lock) coordinator = _nodes.GetValueOrDefault(report.Node);
        var price = (coordinator ?? throw new UnknownNodeException(report.Node)).Receive(report);
        // By the node's own count, which goes on where it joins again.
        return ValueTask.FromResult(price with { Sequence = report.Sequence });
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static QualityCoordinatorOptions Validated(QualityCoordinatorOptions options)
    {
        options.Validate();
        return options;
    }
}
