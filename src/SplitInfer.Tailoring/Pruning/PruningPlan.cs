namespace SplitInfer.Tailoring.Pruning;

/// <summary>
/// Chooses the channels that go: those first with which the layers that read them lose least for each multiply-accumulate that they cost, so many at once that
/// the number of those that stay is a multiple of 8, which is what vector instructions take.
/// </summary>
internal sealed class PruningPlan
{
    private const int Multiple = 8;

    private readonly IReadOnlyList<PrunableLayer> _layers;
    private readonly long[] _places;
    private readonly int[] _inputs;
    private readonly int[] _outputs;
    private readonly Dictionary<int, List<(int Layer, int Inputs, int Outputs)>> _uses = [];
    private readonly List<Group> _groups = [];
    private readonly Dictionary<int, List<(int Layer, int Channel)>> _readers = [];
    private readonly IReadOnlyList<LayerSensitivity?> _sensitivities;

    private PruningPlan(ChannelClasses classes, IReadOnlyList<LayerSensitivity?> sensitivities, long[] places)
    {
        (_layers, _places, _sensitivities) = (classes.Layers, places, sensitivities);
        _inputs = [.. _layers.Select(static l => l.Product.Inputs)];
        _outputs = [.. _layers.Select(static l => l.Product.Outputs)];
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            foreach (var channels in _layers[layer].Outputs.GroupBy(classes.ClassOf)) UsesOf(channels.Key).Add((layer, 0, channels.Count()));
            foreach (var channels in (_layers[layer].Inputs ?? []).GroupBy(classes.ClassOf)) UsesOf(channels.Key).Add((layer, channels.Count(), 0));
            if (sensitivities[layer] is null) continue;
            for (var input = 0; input < _layers[layer].Inputs!.Length; input++) ReadersOf(classes.ClassOf(_layers[layer].Inputs![input])).Add((layer, input));
        }

        var kept = classes.Kept();
        // Classes of the channels of the same layers are alternatives to each other.
        var groups = _uses.Where(u => !kept.Contains(u.Key) && u.Value.Any(static use => use.Inputs > 0)).GroupBy(static u => string.Join(' ', u.Value.Where(static use => use.Outputs > 0).Select(static use => use.Layer)));
        foreach (var group in groups) _groups.Add(new([.. group.Select(static u => u.Key)]));
    }

    /// <summary>Number of classes that could go.</summary>
    public int Candidates => _groups.Sum(static g => g.Count);

    /// <summary>Multiply-accumulates of the layers with the channels that stay so far.</summary>
    public double Cost => Enumerable.Range(0, _layers.Count).Sum(layer => CostOf(layer, 0, 0));

    /// <summary>Prepares a choice.</summary>
    /// <param name="classes">The channels.</param>
    /// <param name="sensitivities">By layer: what it loses with a channel; null where its input channels are not followed.</param>
    /// <param name="places">By layer: number of places at which it computes its outputs.</param>
    public static PruningPlan Of(ChannelClasses classes, IReadOnlyList<LayerSensitivity?> sensitivities, long[] places) => new(classes, sensitivities, places);

    /// <summary>Removes channels until the layers cost a given share less, or until no group has more to give.</summary>
    /// <param name="share">Share of the multiply-accumulates to go, 0 to 1.</param>
    /// <param name="leastKept">Share of the channels of a group that stays at least.</param>
    /// <returns>The classes that go.</returns>
    public HashSet<int> Choose(double share, double leastKept)
    {
        var removed = new HashSet<int>();
        var goal = Cost * (1 - share);
        while (Cost > goal)
        {
            var candidates = _groups.Where(group => (group.Next ??= Try(group, group.NextCount(Multiple, leastKept))).Length > 0).ToArray();
            if (candidates.Length == 0) break;
            var best = candidates.MinBy(group => group.Loss / Saved(group.Next!))!;
            var unit = best.Next!;
            foreach (var (layer, inputs, outputs) in unit.SelectMany(c => _uses[c]))
            {
                _inputs[layer] -= inputs;
                _outputs[layer] -= outputs;
            }

            var changed = unit.SelectMany(ReadersOf).Select(static reader => reader.Layer).ToHashSet();
            foreach (var (layer, channel) in unit.SelectMany(ReadersOf)) _sensitivities[layer]!.Remove(channel);
            removed.UnionWith(unit);
            best.Left.RemoveAll(unit.Contains);
            // What other groups would lose depends on the layers that read them.
            foreach (var group in _groups.Where(group => group == best || group.Left.SelectMany(ReadersOf).Any(reader => changed.Contains(reader.Layer)))) group.Next = null;
        }

        return removed;
    }

    private double Saved(int[] unit) =>
        Math.Max(1e-9, unit.SelectMany(c => _uses[c]).GroupBy(static use => use.Layer).Sum(uses => CostOf(uses.Key, 0, 0) - CostOf(uses.Key, uses.Sum(static u => u.Inputs), uses.Sum(static u => u.Outputs))));

    private double CostOf(int layer, int lessInputs, int lessOutputs) =>
        (double)(_inputs[layer] - lessInputs) * (_outputs[layer] - lessOutputs) * _layers[layer].Product.Kernel * _places[layer];

    private List<(int Layer, int Inputs, int Outputs)> UsesOf(int @class)
    {
        if (!_uses.TryGetValue(@class, out var uses)) _uses.Add(@class, uses = []);
        return uses;
    }

    private List<(int Layer, int Channel)> ReadersOf(int @class)
    {
        if (!_readers.TryGetValue(@class, out var readers)) _readers.Add(@class, readers = []);
        return readers;
    }

    /// <summary>Takes classes away one by one, each time that with which least is lost then, on copies of the layers that read them.</summary>
    private int[] Try(Group group, int count)
    {
        var copies = group.Left.SelectMany(ReadersOf).Select(static reader => reader.Layer).Distinct().ToDictionary(static layer => layer, layer => _sensitivities[layer]!.Copy());
        var (unit, left) = (new List<int>(), group.Left.ToList());
        group.Loss = 0;
        for (; unit.Count < count; left.Remove(unit[^1]))
        {
            var (@class, loss) = left.Select(c => (Class: c, Loss: ReadersOf(c).Sum(reader => copies[reader.Layer].LossOf(reader.Channel)))).MinBy(static c => c.Loss);
            group.Loss += loss;
            unit.Add(@class);
            foreach (var (layer, channel) in ReadersOf(@class)) copies[layer].Remove(channel);
        }

        return [.. unit];
    }

    /// <summary>Classes of the channels of the same layers.</summary>
    private sealed class Group(int[] classes)
    {
        public int Count => classes.Length;

        public List<int> Left { get; } = [.. classes];

        /// <summary>The classes that would go next; null if that is not known.</summary>
        public int[]? Next { get; set; }

        /// <summary>What would be lost with them.</summary>
        public double Loss { get; set; }

        /// <summary>How many classes would go next; 0 if too few would stay.</summary>
        public int NextCount(int multiple, double leastKept)
        {
            var count = Left.Count % multiple == 0 ? multiple : Left.Count % multiple;
            return Left.Count - count >= Math.Max(multiple, Count * leastKept) ? count : 0;
        }
    }
}
