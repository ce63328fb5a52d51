using System.Runtime.InteropServices;

namespace SplitInfer.Policies.Quality;

/// <summary>
/// Shares nodes among users by one number each, its price. Answers each report of a node with its price, and is in the path of no request: while it is away
/// nodes move their prices themselves. Thread-safe.
/// </summary>
public sealed class QualityCoordinator
{
    private readonly Lock _lock = new();
    private readonly QualityCoordinatorOptions _options;
    private readonly List<QualityCurve> _curves = [];
    private readonly Dictionary<uint, Node> _nodes = [];
    private readonly List<QualityDemand> _demands = [];
    private long _turn;

    /// <summary>Makes a coordinator that has heard of no node.</summary>
    /// <param name="options">Its knobs; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public QualityCoordinator(QualityCoordinatorOptions? options = null)
    {
        _options = options ?? new();
        _options.Validate();
    }

    /// <summary>Adds a model; its curve gets the next id, beginning with 0, which is the same at all nodes.</summary>
    public int Add(QualityCurve curve)
    {
        ArgumentNullException.ThrowIfNull(curve);
        lock (_lock)
        {
            _curves.Add(curve);
            return _curves.Count - 1;
        }
    }

    /// <summary>Takes a node's report and finds its price.</summary>
    /// <exception cref="QualityMessageException">It names a curve or an exit that there is not.</exception>
    public PriceMessage Receive(LoadReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        lock (_lock)
        {
            foreach (var known in report.Classes)
                if (known.Curve >= _curves.Count || known.Depth >= _curves[known.Curve].Exits.Length) throw new QualityMessageException($"Node {report.Node} reports exit {known.Depth} of curve {known.Curve}; add the same curves in the same order at node and coordinator.");
            var node = Find(report.Node);
            node.Turn = ++_turn;
            node.Learn(report, _options.RateMemory);
            _demands.Clear();
            foreach (var known in node.Classes) _demands.Add(new(known.Rate, known.Weight, _curves[known.Curve], known.Depth));
            // In seconds of the curves, which a slow node has fewer of; its own are dearer by as much.
            var price = NodePricing.Solve(CollectionsMarshal.AsSpan(_demands), _options.TargetUtilization * report.Lanes / report.Slowness, _options.PriceSpread);
            return new(report.Node, ++node.Sequence, price / report.Slowness);
        }
    }

    private Node Find(uint id)
    {
        if (_nodes.TryGetValue(id, out var node)) return node;
        // The one that has been silent for longest makes room.
        if (_nodes.Count >= _options.MaxNodes) _nodes.Remove(_nodes.MinBy(static pair => pair.Value.Turn).Key);
        return _nodes[id] = new();
    }

    /// <summary>What is known of a node.</summary>
    private sealed class Node
    {
        private const double Forgotten = 1e-3;

        public List<LoadClass> Classes { get; } = [];

        public uint Sequence { get; set; }

        public long Turn { get; set; }

        public void Learn(LoadReport report, double memory)
        {
            var isFirst = Classes.Count == 0;
            for (var i = Classes.Count - 1; i >= 0; i--)
            {
                Classes[i] = Classes[i] with { Rate = (float)(Classes[i].Rate * memory) };
                if (Classes[i].Rate < Forgotten) Classes.RemoveAt(i);
            }

            foreach (var told in report.Classes)
            {
                var rate = (float)(told.Rate * (isFirst ? 1 : 1 - memory));
                var at = Classes.FindIndex(known => known.Curve == told.Curve && known.Depth == told.Depth && Math.Abs(Math.Log(known.Weight / told.Weight)) < 0.2);
                if (at >= 0) Classes[at] = Classes[at] with { Rate = Classes[at].Rate + rate, Weight = told.Weight };
                else if (Classes.Count < 4 * LoadReport.MaxClasses) Classes.Add(told with { Rate = rate });
            }
        }
    }
}
