using System.Collections.Immutable;
using SplitInfer.Models;

namespace SplitInfer.Partitioning;

/// <summary>The values that cross a cut and the outputs that come back, updated while the cut moves through the graph from its start.</summary>
internal sealed class CutSweep
{
    private readonly ImmutableArray<GraphValue> _values;
    private readonly GraphValue[] _outputs;
    private readonly Func<GraphValue, long> _bytes;
    private readonly ILookup<int, int> _produced;
    private readonly ILookup<int, int> _lastUsed;
    private readonly ILookup<int, int> _finished;

    // Places among the values and the outputs, which is the order in which they travel.
    private readonly SortedSet<int> _crossing = [];
    private readonly SortedSet<int> _returning;
    private int _cut;

    /// <summary>Stands before the first node.</summary>
    /// <param name="values">All values, in the order in which they travel.</param>
    /// <param name="outputs">Those that the model yields, each once.</param>
    /// <param name="bytes">The size of a value.</param>
    public CutSweep(ImmutableArray<GraphValue> values, GraphValue[] outputs, Func<GraphValue, long> bytes)
    {
        (_values, _outputs, _bytes) = (values, outputs, bytes);
        var read = Enumerable.Range(0, values.Length).Where(v => values[v].LastUse != GraphValue.Unused).ToArray();
        _produced = read.ToLookup(v => values[v].Producer);
        _lastUsed = read.ToLookup(v => values[v].LastUse);
        _returning = [.. Enumerable.Range(0, outputs.Length).Where(o => outputs[o].Producer != GraphValue.Fed)];
        _finished = _returning.ToLookup(o => outputs[o].Producer);
        foreach (var value in _produced[GraphValue.Fed]) Add(value);
    }

    /// <summary>How many values cross.</summary>
    public int Count => _crossing.Count;

    /// <summary>How many outputs come back.</summary>
    public int ReturningCount => _returning.Count;

    /// <summary>Bytes of all values that cross.</summary>
    public long Bytes { get; private set; }

    /// <summary>Moves the cut behind the first <paramref name="k"/> nodes; it never moves back.</summary>
    public void MoveTo(int k)
    {
        for (; _cut < k; _cut++)
        {
            foreach (var value in _produced[_cut]) Add(value);
            foreach (var value in _lastUsed[_cut]) Remove(value);
            _returning.ExceptWith(_finished[_cut]);
        }
    }

    /// <summary>The values that cross; none where there are more than <paramref name="max"/>.</summary>
    public GraphValue[] Boundary(int max) => _crossing.Count > max ? [] : [.. _crossing.Select(v => _values[v])];

    /// <summary>The outputs that come back, in the order in which the model lists them; none where there are more than <paramref name="max"/>.</summary>
    public GraphValue[] Returning(int max) => _returning.Count > max ? [] : [.. _returning.Select(o => _outputs[o])];

    private void Add(int value)
    {
        if (_crossing.Add(value)) Bytes += _bytes(_values[value]);
    }

    private void Remove(int value)
    {
        if (_crossing.Remove(value)) Bytes -= _bytes(_values[value]);
    }
}
