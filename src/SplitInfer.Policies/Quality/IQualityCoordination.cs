namespace SplitInfer.Policies.Quality;

/// <summary>
/// Where a node reports its load and gets its price: in this process, or in another one. Never in the path of a request; a node that cannot reach it moves its price itself.
/// Safe for concurrent use.
/// </summary>
public interface IQualityCoordination : IAsyncDisposable
{
    /// <summary>Tells who a node is, and of what curves its reports speak. Called again when curves have changed, or the node is not known any more.</summary>
    /// <param name="node">The node's name, the same at each call.</param>
    /// <param name="curves">Its curves; <see cref="LoadClass.Curve"/> of its reports is a place among them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The number under which it reports.</returns>
    /// <exception cref="NodeRefusedException">The coordinator does not take the node, and would not if it were asked again as it is; the message says why.</exception>
    ValueTask<uint> JoinAsync(string node, IReadOnlyList<QualityCurve> curves, CancellationToken cancellationToken = default);

    /// <summary>Takes a node's report, about once a second, and says what its time costs.</summary>
    /// <param name="report">The report.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UnknownNodeException">No node has joined under that number, or it was forgotten.</exception>
    /// <exception cref="QualityMessageException">The report speaks of what the node has not told.</exception>
    ValueTask<PriceMessage> ReportAsync(LoadReport report, CancellationToken cancellationToken = default);
}

/// <summary>The coordinator does not take a node. The message says why, and what to do.</summary>
public sealed class NodeRefusedException : InvalidOperationException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">Why, and what to do.</param>
    public NodeRefusedException(string message) : base(message) { }
}

/// <summary>A node reports that the coordinator does not know, as after a restart. It has to join again.</summary>
public sealed class UnknownNodeException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="node">The number under which it reported.</param>
    public UnknownNodeException(uint node) : base($"No node has joined under the number {node}. Call {nameof(IQualityCoordination.JoinAsync)} again, and report under the number that it gives.") => Node = node;

    /// <summary>The number under which it reported.</summary>
    public uint Node { get; }
}
