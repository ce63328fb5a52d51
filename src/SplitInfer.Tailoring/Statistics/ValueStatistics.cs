using SplitInfer.Tensors;

namespace SplitInfer.Tailoring.Statistics;

/// <summary>
/// What the elements of one float32 value were over many samples: extremes, a histogram, and means by channel. Counts and extremes of two of them
/// add up exactly, in whatever order; sums of channels do but for the rounding of float64. Bins are [i, i + 1)·2ᵉ/<see cref="BinsPerSign"/>, and where an element is beyond ±2ᵉ, e grows and neighbouring bins become one.
/// Not thread-safe.
/// </summary>
public sealed class ValueStatistics
{
    /// <summary>Bins of the histogram on either side of 0.</summary>
    public const int BinsPerSign = 2048;

    internal const int MinExponent = -120;

    // Of the largest float32 numbers.
    internal const int MaxExponent = 128;

    // Of what was added tensor by tensor; null where only the bins that are not empty are kept, so that what files hold takes memory by their size.
    private long[]? _counts;
    private SparseHistogram _kept = SparseHistogram.Empty;
    private double[]? _channelSums;
    private bool _hasChannels = true;

    /// <summary>Statistics of nothing.</summary>
    public ValueStatistics() => Exponent = MinExponent;

    /// <summary>Statistics that were kept.</summary>
    internal ValueStatistics(SparseHistogram counts, int exponent, long count, long zeros, float minimum, float maximum, double[]? channelSums, long channelElements) =>
        (_kept, Exponent, Count, Zeros, Minimum, Maximum, _channelSums, ChannelElements, _hasChannels) = (counts, exponent, count, zeros, minimum, maximum, channelSums, channelElements, channelSums is not null);

    /// <summary>Number of elements.</summary>
    public long Count { get; private set; }

    /// <summary>Number of elements that are 0.</summary>
    public long Zeros { get; private set; }

    /// <summary>The smallest element; 0 where there is none.</summary>
    public float Minimum { get; private set; }

    /// <summary>The largest element; 0 where there is none.</summary>
    public float Maximum { get; private set; }

    /// <summary>Whether a scale follows from it: of what was nothing but 0, such as a state before the first run, nobody knows how large it can be.</summary>
    internal bool HasRange => Minimum < 0 || Maximum > 0;

    /// <summary>The exponent e of the range ±2ᵉ of the histogram.</summary>
    public int Exponent { get; private set; }

    /// <summary>Counts of the bins from −2ᵉ to 2ᵉ. Of what a file holds they are laid out anew each time.</summary>
    public ReadOnlySpan<long> Counts => _counts ?? _kept.ToBins();

    /// <summary>Width of a bin.</summary>
    public double BinWidth => Math.ScaleB(1, Exponent) / BinsPerSign;

    /// <summary>Number of elements of each channel; 0 where there are no channels.</summary>
    public long ChannelElements { get; private set; }

    /// <summary>Sum of the elements of each channel, an index of the second dimension; empty where the tensors have no second dimension or not always the same.</summary>
    public ReadOnlySpan<double> ChannelSums => _channelSums;

    /// <summary>Adds the elements of a float32 tensor.</summary>
    /// <exception cref="NotFiniteNumberException">An element is infinite or no number; nothing was added.</exception>
    public void Add(TensorValue tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var elements = tensor.Span<float>();
        if (elements.IsEmpty) return;
        var (low, high) = (System.Numerics.Tensors.TensorPrimitives.Min(elements), System.Numerics.Tensors.TensorPrimitives.Max(elements));
        if (!float.IsFinite(low) || !float.IsFinite(high)) throw new NotFiniteNumberException("A sample has an element that is infinite or no number.");
        Widen(low, high);
        var (scale, counts) = (1 / BinWidth, _counts ??= _kept.ToBins());
        _kept = SparseHistogram.Empty;
        foreach (var element in elements)
        {
            counts[(int)Math.Floor(element * scale) + BinsPerSign]++;
            if (element == 0) Zeros++;
        }

        (Minimum, Maximum) = Count == 0 ? (low, high) : (Math.Min(Minimum, low), Math.Max(Maximum, high));
        AddChannels(tensor, elements);
        Count += elements.Length;
    }

    /// <summary>Adds other statistics of the same value, such as those of another device.</summary>
    public void Add(ValueStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count == 0) return;
        WidenTo(other.Exponent);
        var shift = Exponent - other.Exponent;
        var added = (other._counts is null ? other._kept : SparseHistogram.Of(other._counts)).Widened(shift);
        if (_counts is null) _kept = _kept.Plus(added);
        else added.AddTo(_counts);
        (Minimum, Maximum) = Count == 0 ? (other.Minimum, other.Maximum) : (Math.Min(Minimum, other.Minimum), Math.Max(Maximum, other.Maximum));
        Zeros += other.Zeros;
        AddChannels(other._channelSums, other.ChannelElements);
        Count += other.Count;
    }

    /// <summary>The bin of an element below 2ᵉ, which every element is, since e is larger than the exponent of the largest.</summary>
    internal static int BinOf(float element, int exponent) => (int)Math.Clamp(Math.Floor(Math.ScaleB(element, -exponent) * BinsPerSign) + BinsPerSign, 0, (2 * BinsPerSign) - 1);

    private void Widen(float low, float high)
    {
        var largest = Math.Max(Math.Abs((double)low), Math.Abs((double)high));
        if (largest > 0) WidenTo(Math.ILogB(largest) + 1);
    }

    private void WidenTo(int exponent)
    {
        if (exponent <= Exponent) return;
        var shift = exponent - Exponent;
        Exponent = exponent;
        if (Count == 0) return;
        if (_counts is null) _kept = _kept.Widened(shift);
        else _counts = SparseHistogram.Of(_counts).Widened(shift).ToBins();
    }

    private void AddChannels(TensorValue tensor, ReadOnlySpan<float> elements)
    {
        var dimensions = tensor.Shape.Dimensions;
        if (!_hasChannels || dimensions.Length < 2 || dimensions[1] > ushort.MaxValue)
        {
            AddChannels(null, 0);
            return;
        }

        var channels = (int)dimensions[1];
        var sums = new double[channels];
        var inner = elements.Length / (int)dimensions[0] / channels;
        for (var start = 0; start < elements.Length; start += inner)
        {
            var channel = start / inner % channels;
            // In float32 the mean of many equal elements is off by more than they differ.
            var sum = 0.0;
            foreach (var element in elements.Slice(start, inner)) sum += element;
            sums[channel] += sum;
        }

        AddChannels(sums, elements.Length / channels);
    }

    private void AddChannels(double[]? sums, long elements)
    {
        if (Count == 0 && sums is not null) (_channelSums, ChannelElements) = ([.. sums], elements);
        else if (_hasChannels && sums is not null && sums.Length == _channelSums!.Length)
        {
            for (var channel = 0; channel < sums.Length; channel++) _channelSums[channel] += sums[channel];
            ChannelElements += elements;
        }
        else
        {
            (_channelSums, ChannelElements, _hasChannels) = (null, 0, false);
        }
    }
}
