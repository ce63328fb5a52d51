using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>
/// What the values of a model were over samples. Statistics of one model that were collected apart, such as on several devices, add up. No sample
/// is in them, though those of one sample alone tell much of it. Not thread-safe.
/// </summary>
public sealed class SampleStatistics
{
    private readonly Dictionary<string, ValueStatistics> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withoutRange = new(StringComparer.Ordinal);

    /// <summary>Statistics of no sample.</summary>
    /// <param name="model">The model, in the form whose values these are.</param>
    public SampleStatistics(Fingerprint model) => Model = model;

    /// <summary>The model whose values these are.</summary>
    public Fingerprint Model { get; }

    /// <summary>Number of samples.</summary>
    public int Samples { get; private set; }

    /// <summary>By the name of a value: what it was. Values that were infinite or no number on a sample, and those without an element on any, have no range and are left out.</summary>
    public IReadOnlyDictionary<string, ValueStatistics> Values => _values;

    /// <summary>Names of values that had an infinite element or one that is no number, which therefore have no range.</summary>
    internal IReadOnlySet<string> WithoutRange => _withoutRange;

    /// <summary>What a value was; null if it was not collected.</summary>
    public ValueStatistics? Find(string value) => _values.GetValueOrDefault(value);

    /// <summary>Adds statistics of the same model.</summary>
    /// <exception cref="ArgumentException">They are of another model, or of more samples than can be counted; nothing was added.</exception>
    public void Add(SampleStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Model != Model) throw new ArgumentException($"These statistics are of the model {other.Model}, not of {Model}. Collect them again with this model.", nameof(other));
        if (other.Samples > int.MaxValue - Samples) throw new ArgumentException($"{other.Samples} samples are more than can be added to {Samples}.", nameof(other));
        _withoutRange.UnionWith(other._withoutRange);
        foreach (var (name, value) in other._values) For(name).Add(value);
        foreach (var name in _withoutRange) _values.Remove(name);
        Samples = Samples + other.Samples;
    }

    /// <summary>Takes a value that was kept; not twice.</summary>
    internal bool TryTake(string name, ValueStatistics value) => _values.TryAdd(name, value);

    /// <summary>Takes a value without a range that was kept; not twice.</summary>
    internal bool TryTakeWithoutRange(string name) => !_values.ContainsKey(name) && _withoutRange.Add(name);

    /// <summary>Says of how many samples the values are.</summary>
    internal void TakeSamples(int samples) => Samples = samples;

    /// <summary>The same statistics as of another form of the model with the same values.</summary>
    internal SampleStatistics Of(Fingerprint model)
    {
        var result = new SampleStatistics(model) { Samples = Samples };
        result._withoutRange.UnionWith(_withoutRange);
        foreach (var (name, value) in _values) result._values.Add(name, value);
        return result;
    }

    /// <summary>Adds the values of one sample.</summary>
    internal void AddSample(IEnumerable<(string Name, TensorValue Tensor)> values)
    {
        foreach (var (name, tensor) in values)
        {
            if (_withoutRange.Contains(name) || tensor.Span<float>().IsEmpty) continue;
            try
            {
                For(name).Add(tensor);
            }
            catch (NotFiniteNumberException)
            {
                // Such as the minus infinity of a mask.
                _withoutRange.Add(name);
                _values.Remove(name);
            }
        }

        Samples++;
    }

    private ValueStatistics For(string name)
    {
        if (!_values.TryGetValue(name, out var value)) _values.Add(name, value = new());
        return value;
    }
}
